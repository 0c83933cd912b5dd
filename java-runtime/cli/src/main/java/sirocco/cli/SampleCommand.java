package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.IntSummaryStatistics;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Device;
import sirocco.data.Samples;
import sirocco.image.Png;
import sirocco.nn.ImageSize;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.ImageSampler;

/** Draws images from a model. */
@Command(name = "sample", mixinStandardHelpOptions = true, sortOptions = false, description = "Draw images from a model.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  sirocco sample --model runs/demo --out images --num 64",
            "  sirocco sample --model runs/demo --out images --sampler dpm++2m --steps 20 --class ring --guidance 2",
            "  sirocco sample --model runs/enlarge --low-res photos --out images",
            "  sirocco sample --model runs/demo --out images --start 64 --num 64        the next 64 of the same seed"})
final class SampleCommand implements Callable<Integer> {
    /** Images in the grid at most. */
    private static final int GRID = 100;

    /** Images if neither a flag nor data says how many. */
    private static final int USUAL = 16;

    @Mixin
    ModelOption model;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "folder for the images: 000000.png, …, and grid.png")
    Path out;

    @Option(names = "--num", paramLabel = "N", description = "how many images; default: as many as --low-res has, or 16")
    Integer wanted;

    @Option(names = "--start", defaultValue = "0", paramLabel = "N",
            description = "number of the first one: image i of a seed is always the same; default: ${DEFAULT-VALUE}")
    int start;

    @Option(names = "--batch", defaultValue = "16", paramLabel = "N", description = "images at a time; changes no image, but for float32's rounding; default: ${DEFAULT-VALUE}")
    int batch;

    @Option(names = "--image-size", paramLabel = "N", description = "height and width of the images in pixels; default: the model's")
    Integer imageSize;

    @Mixin
    ChainOptions chain;

    @Mixin
    LowResOption lowRes;

    @Option(names = "--gif", description = "also write denoising.gif: the first images from noise to picture")
    boolean gif;

    @Mixin
    DeviceOptions device;

    @Spec
    CommandSpec spec;

    private int num;

    @Override
    public Integer call() throws IOException {
        DeviceOptions.checkBatch(batch);
        // Before the model is read.
        setNumber(wanted == null ? 1 : wanted);
        PrintWriter print = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        DiffusionModel loaded = model.load(Optional.ofNullable(imageSize).map(ImageSize::square), err);
        chain.checkGuidance(loaded, model.training());
        chain.loadClassifier(loaded.config().size());
        chain.checkScheduler(loaded).ifPresent(err::println);
        try (LowResOption.Partners partners = lowRes.open(loaded.config())) {
            setNumber(wanted == null ? partners.count().orElse(USUAL) : wanted);
            return sample(loaded, partners.conditions(loaded, chain), print);
        }
    }

    private void setNumber(int images) {
        if (images < 1 || images > 10_000_000) {
            throw new IllegalArgumentException("--num: expected 1 to 10000000, got " + images);
        }
        if (start < 0 || start > Integer.MAX_VALUE - images) {
            throw new IllegalArgumentException("--start: expected 0 to " + (Integer.MAX_VALUE - images) + ", got " + start);
        }
        num = images;
    }

    private int sample(DiffusionModel loaded, Samples conditions, PrintWriter print) throws IOException {
        try (Interrupt interrupt = new Interrupt(); Device opened = device.open(print);
                ImageSampler sampler = chain.sampler(opened, loaded, Math.min(batch, num))) {
            print.println("sampling step: " + sampler.plan().summary());
            print.flush();
            sampler.load(loaded.weights());
            Files.createDirectories(out);
            IntSummaryStatistics evaluations = new IntSummaryStatistics();
            int drawn = draw(sampler, conditions, interrupt, evaluations);
            print.printf("%s: %d images%s%n", out, drawn, drawn < num ? ", stopped; the rest: --start " + (start + drawn) + " --num " + (num - drawn)
                    : ", together in grid.png" + (gif ? ", and their way there in denoising.gif" : ""));
            if (sampler.steps().isEmpty() && drawn > 0) {
                print.printf(Locale.ROOT, "evaluations of an image: %d to %d, %.1f on average%n", evaluations.getMin(), evaluations.getMax(), evaluations.getAverage());
            }
            print.flush();
            return drawn < num ? Main.STOPPED : 0;
        }
    }

    /** Returns how many images were written; {@code evaluations} receives how often the network was evaluated for each. */
    private int draw(ImageSampler sampler, Samples conditions, Interrupt interrupt, IntSummaryStatistics evaluations) throws IOException {
        int drawn = 0;
        Contact sheet = new Contact(sampler.shape(), Math.min(num, GRID));
        try (Progress progress = new Progress("sample", "images", num, 0)) {
            long began = System.nanoTime();
            while (drawn < num) {
                sampler.begin(chain.seed, start + drawn, conditions);
                if (!(gif && drawn == 0 ? filmed(sampler, interrupt) : sampler.finish(interrupt::asked))) {
                    return drawn;
                }
                float[] x = sampler.read();
                for (int i = 0; i < sampler.batch() && drawn < num; i++, drawn++) {
                    Png.write(out.resolve(String.format(Locale.ROOT, "%06d.png", start + drawn)), sheet.picture(x, i));
                    sheet.add(x, i);
                    evaluations.accept(sampler.evaluations(i));
                }
                progress.to(drawn);
                progress.say("%.2f images/s", drawn / ((System.nanoTime() - began) * 1e-9));
            }
        }
        sheet.write(out.resolve("grid.png"));
        return drawn;
    }

    /** Walks the chains with a look at each frame, and writes what was seen; false if it was stopped. */
    private boolean filmed(ImageSampler sampler, Interrupt interrupt) throws IOException {
        Chain frames = new Chain(sampler, Math.min(num, sampler.batch()));
        do {
            if (interrupt.asked()) {
                return false;
            }
            frames.add();
        } while (sampler.step(frames.every()));
        frames.add();
        frames.write(out.resolve("denoising.gif"));
        return true;
    }
}
