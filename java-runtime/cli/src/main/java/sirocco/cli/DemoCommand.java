package sirocco.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Device;
import sirocco.data.Batch;
import sirocco.data.Checker;
import sirocco.data.Column;
import sirocco.data.Score;
import sirocco.data.Shapes;
import sirocco.io.AtomicFiles;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.ImageSampler;
import sirocco.train.TrainConfig;

/** From nothing to pictures in a few minutes. */
@Command(name = "demo", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Train on the built-in images for a few minutes, sample, and leave a folder with the results.",
        footerHeading = "%nExamples:%n",
        footer = {"  sirocco demo", "  sirocco demo --steps 6000      longer and better"})
final class DemoCommand implements Callable<Integer> {
    private static final String REPORT = "report.json";
    private static final int SIDE = 16;
    private static final int IMAGES = 64;
    private static final int FRAMED = 16;

    @Option(names = "--steps", defaultValue = "1500", paramLabel = "N", description = "training steps; default: ${DEFAULT-VALUE}")
    long steps;

    @Option(names = "--out", defaultValue = "runs/demo", paramLabel = "DIR", description = "default: ${DEFAULT-VALUE}; an earlier demo there is replaced")
    Path out;

    @Option(names = "--seed", defaultValue = "0", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    long seed;

    @Mixin
    DeviceOptions device;

    @Spec
    CommandSpec spec;

    /** report.json. */
    record Report(String backend, long steps, int batch, long parameters, double trainSeconds, double imagesPerSecond, double finalLoss, int samples,
                  double sampleSeconds, double validFraction, double asRequested, int[] classes, int[] colours) { }

    @Override
    public Integer call() throws IOException {
        PrintWriter print = spec.commandLine().getOut();
        TrainConfig config = config(steps, seed);
        clear();
        try (Device opened = device.open(print)) {
            TrainingRun run = TrainingRun.begin(out, config, opened, print);
            if (!run.train()) {
                return Main.STOPPED;
            }
            Report report = sample(config, run, opened, print);
            AtomicFiles.writeText(out.resolve(REPORT), new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n");
            String text = describe(report);
            AtomicFiles.writeText(out.resolve("report.md"), text);
            print.println();
            print.print(text);
            print.flush();
            return 0;
        }
    }

    /** Predicting x₀ under min-SNR weights gives flat, clean shapes soonest: a few minutes are all there is. */
    private static TrainConfig config(long steps, long seed) {
        return TrainConfig.DEFAULT
                .withNetwork(n -> n.withUnet(u -> u.withLayersPerBlock(1)))
                .withProcess(p -> p.withSchedule("cosine"))
                .withObjective(o -> o.withPrediction("sample").withMinSnrGamma(5))
                .withOptimizer(o -> o.withLearningRate(2e-3).withEmaDecay(0.995))
                .withRun(r -> r.withSteps(steps).withSeed(seed).withSaveEvery(0).withKeep(1));
    }

    /** Makes room for the run, and touches nothing that is not a demo's. */
    private void clear() throws IOException {
        if (!Files.exists(out)) {
            return;
        }
        if (!Files.isDirectory(out)) {
            throw new IllegalArgumentException("--out " + out + ": this is a file, expected a folder");
        }
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(out)) {
            if (inside.iterator().hasNext() && !isDemo()) {
                throw new IllegalArgumentException("--out " + out + ": the folder is not empty and not a demo's; choose another");
            }
        }
        AtomicFiles.deleteTree(out);
    }

    /** A finished demo has its report; one that was stopped has at least its configuration, which no run of {@code train} has by chance. */
    private boolean isDemo() throws IOException {
        Path file = out.resolve(TrainingRun.CONFIG);
        if (!Files.exists(file)) {
            return false;
        }
        TrainConfig saved = TrainConfig.parse(Files.readString(file), TrainConfig.DEFAULT, file.toString());
        return Files.exists(out.resolve(REPORT)) || saved.equals(config(saved.run().steps(), saved.run().seed()));
    }

    private Report sample(TrainConfig config, TrainingRun run, Device opened, PrintWriter print) throws IOException {
        DiffusionModel model = DiffusionModel.load(out.resolve(TrainingRun.MODEL));
        ChainOptions options = ChainOptions.quick();
        try (ImageSampler sampler = options.sampler(opened, model, IMAGES).load(model.weights())) {
            var conditions = options.conditions(model);
            sampler.begin(seed, 0, conditions);
            Chain frames = new Chain(sampler, FRAMED);
            long began = System.nanoTime();
            frames.add();
            int steps = sampler.steps().orElseThrow();
            try (Progress progress = new Progress("sample", "steps", steps, 0)) {
                for (int i = frames.every(); sampler.step(frames.every()); i += frames.every()) {
                    frames.add();
                    progress.to(i);
                }
                progress.to(steps);
            }
            double seconds = (System.nanoTime() - began) * 1e-9;
            frames.add();
            frames.write(out.resolve("denoising.gif"));
            Contact sheet = new Contact(sampler.shape(), IMAGES);
            Batch asked = new Batch(IMAGES, conditions.columns());
            float[] x = sampler.read();
            for (int i = 0; i < IMAGES; i++) {
                sheet.add(x, i);
                conditions.read(i, asked, i);
            }
            sheet.write(out.resolve("samples.png"));
            Score score = new Checker(SIDE).score(sheet.images(), asked.ints(Column.LABEL), IMAGES);
            print.println();
            print.println(score.describe());
            var last = run.last();
            return new Report(opened.describe(), config.run().steps(), config.data().batch(), model.weights().count(), last.seconds(),
                    config.run().steps() * config.data().batch() / last.seconds(), last.loss(), IMAGES, seconds, score.validFraction(), score.asRequested(), score.classes(),
                    score.colours());
        }
    }

    private String describe(Report r) {
        return String.format(Locale.ROOT, """
                # Demo

                A U-Net of %,d parameters learned %s from %,d noised images (%d steps of %d) in %.0f s, %.0f images/s, on %s.
                Its loss ended at %.4f (`loss.png`).

                It then drew %d images in %.1f s (`samples.png`; `denoising.gif` shows how). Of these %.0f %% are valid members of the dataset,
                %.0f %% valid and of the class asked for.

                ![samples](samples.png) ![denoising](denoising.gif)

                More from the same model: `build-scripts/sirocco sample --model %s --out images --num 64`
                """, r.parameters(), String.join(", ", new Shapes(SIDE, 3, 0).classNames()), r.steps() * r.batch(), r.steps(), r.batch(), r.trainSeconds(),
                r.imagesPerSecond(), r.backend(), r.finalLoss(), r.samples(), r.sampleSeconds(), 100 * r.validFraction(), 100 * r.asRequested(), out);
    }
}
