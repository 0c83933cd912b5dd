package sirocco.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import sirocco.api.Device;
import sirocco.data.Dataset;
import sirocco.data.Samples;
import sirocco.nn.LowResSamples;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.ImageSampler;
import sirocco.train.TrainConfig;
import sirocco.train.Trainer;

/** Grids of samples drawn while training, always of the same noise, to watch a model learn: {@code samples/step-00000500.png}. */
final class SampleSheets implements AutoCloseable {
    private static final int IMAGES = 36;

    private final Path folder;
    private final Trainer trainer;
    private final TrainConfig config;
    private final Dataset data;
    private final Device device;
    private ImageSampler sampler;

    /** @param data of the run; its images are what a model for super-resolution enlarges */
    SampleSheets(Path run, Trainer trainer, TrainConfig config, Dataset data, Device device) {
        this.data = data;
        this.folder = run.resolve("samples");
        this.trainer = trainer;
        this.config = config;
        this.device = device;
    }

    /** {@code step} steps are done. */
    void step(long step) throws IOException {
        if (config.run().sampleEvery() > 0 && step % config.run().sampleEvery() == 0) {
            draw(folder.resolve(String.format(Locale.ROOT, "step-%08d.png", step)));
        }
    }

    private void draw(Path file) throws IOException {
        DiffusionModel model = trainer.averageModel();
        ChainOptions chain = ChainOptions.quick();
        if (sampler == null) {
            sampler = chain.sampler(device, model, IMAGES);
        }
        sampler.load(model.weights());
        sampler.begin(config.run().seed(), 0, conditions(chain, model));
        sampler.finish(() -> false);
        Contact sheet = new Contact(sampler.shape(), IMAGES);
        float[] x = sampler.read();
        for (int i = 0; i < IMAGES; i++) {
            sheet.add(x, i);
        }
        sheet.write(file);
    }

    private Samples conditions(ChainOptions chain, DiffusionModel model) {
        Optional<LowResSamples> partners = LowResOption.of(model.config()).map(c -> LowResSamples.averages(c, data, IMAGES));
        return partners.map(p -> Samples.join(Samples.ofLabels(p::label), p)).orElseGet(() -> chain.conditions(model));
    }

    @Override
    public void close() {
        if (sampler != null) {
            sampler.close();
        }
    }
}
