package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Plan;
import sirocco.folder.ClassLabels;
import sirocco.folder.ModelFolder;
import sirocco.nn.ImageSize;
import sirocco.nn.Network;
import sirocco.nn.NetworkConfig;
import sirocco.pipeline.Components;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.SamplePlan;
import sirocco.train.TrainPlan;

/** What is here: backends, machine, and a model if asked. */
@Command(name = "info", mixinStandardHelpOptions = true, sortOptions = false, description = "Show backends, the machine, and a model's size and memory.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  sirocco info",
            "  sirocco info --preset cifar10 --batches 1,8,128",
            "  sirocco info --model runs/demo --dump sample --batches 4"})
final class InfoCommand implements Callable<Integer> {
    /** Steps of the table in the sampling plans that are shown; a row is 48 bytes. */
    private static final int STEPS = 50;

    enum Dump { SAMPLE, TRAIN }

    /** A model by its folder or by name. */
    static final class Which {
        @Option(names = "--model", paramLabel = "DIR", description = "a model folder or a run")
        Path model;

        @Option(names = "--preset", paramLabel = "NAME", description = "a built-in configuration: small, cifar10")
        String preset;
    }

    @ArgGroup(exclusive = true)
    Which which;

    @Option(names = "--batches", split = ",", defaultValue = "1,8,64", paramLabel = "N", description = "batch sizes to plan; default: ${DEFAULT-VALUE}")
    List<Integer> batches;

    @Option(names = "--image-size", paramLabel = "N", description = "height and width of the images in pixels; default: the model's")
    Integer imageSize;

    @Option(names = "--dump", paramLabel = "STEP", description = "print the whole plan of a step at the first batch size: ${COMPLETION-CANDIDATES}")
    Dump dump;

    @Mixin
    DeviceOptions device;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        batches.forEach(DeviceOptions::checkBatch);
        PrintWriter out = spec.commandLine().getOut();
        out.println(Main.VERSION);
        machine(out);
        out.println("backends");
        List<Backends.Found> found = Backends.all();
        for (Backends.Found f : found) {
            out.printf("  %-10s %s%n", f.backend().name(), f.availability());
        }
        if (found.stream().noneMatch(f -> f.backend().name().equals("tornado"))) {
            out.printf("  %-10s %s%n", "tornado", "not in this build; install TornadoVM and set TORNADOVM_HOME, or build with -Ptornado (docs/tornado.md)");
        }
        if (which != null) {
            model(out);
        }
        out.flush();
        return 0;
    }

    private static void machine(PrintWriter out) {
        var os = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        out.printf("machine: %s %s, %s, %d processors, %s memory%n", System.getProperty("os.name"), System.getProperty("os.arch"), cpu(),
                Runtime.getRuntime().availableProcessors(), gib(os.getTotalMemorySize()));
        out.printf("java: %s %s, heap up to %s%n", System.getProperty("java.vendor"), System.getProperty("java.version"),
                gib(Runtime.getRuntime().maxMemory()));
    }

    private static String cpu() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(l -> l.startsWith("model name")).findFirst()
                    .map(l -> l.substring(l.indexOf(':') + 1).strip()).orElse("unknown processor");
        } catch (IOException e) {
            return "unknown processor";
        }
    }

    private void model(PrintWriter out) throws IOException {
        Optional<ModelFolder> folder = which.model == null ? Optional.empty() : Optional.of(folder());
        NetworkConfig config = folder.isPresent() ? DiffusionModel.readConfig(folder.get(), Optional.ofNullable(imageSize).map(ImageSize::square)) : preset();
        Network model = config.network();
        out.printf(Locale.ROOT, "model: %s, %d×%d, %d channels, %,d parameters, %.2f GFLOP an image%n", config.className(), config.size().height(),
                config.size().width(), config.inChannels(), model.parameterCount(), model.flopsPerImage() * 1e-9);
        folder.flatMap(ModelFolder::scheduler).ifPresent(s -> out.println("scheduler: " + s.className()));
        if (config.classes().isPresent()) {
            classes(out, config.classes().getAsInt(), folder.map(ModelFolder::labels).orElse(ClassLabels.NONE));
        }
        LowResOption.of(config).ifPresent(c -> out.printf("condition: images of %d×%d, which the model enlarges by %d%n", c.size().height(), c.size().width(), c.factor()));
        try (Device opened = device.open(out)) {
            for (int n : batches) {
                out.printf("batch %d%n", n);
                if (!config.classifies()) {
                    out.println("  sampling step: " + SamplePlan.of(opened, model, n, STEPS, false).summary());
                }
                out.println("  training step: " + TrainPlan.of(opened, model, n).summary());
            }
            if (dump != null) {
                int n = batches.getFirst();
                Plan plan = dump == Dump.SAMPLE ? SamplePlan.of(opened, model, n, STEPS, false) : TrainPlan.of(opened, model, n);
                out.println();
                out.println(plan.dump());
            }
        }
    }

    private static void classes(PrintWriter out, int rows, ClassLabels labels) {
        String names = labels.names().isEmpty() ? "0 to " + (rows - 1) + ", without names" : labels.list();
        out.printf("classes: %s%s%n", names, labels.nullClass().isPresent() ? "; null class " + labels.nullClass().getAsInt() : "");
    }

    private NetworkConfig preset() {
        NetworkConfig preset = Components.preset(which.preset);
        return imageSize == null ? preset : preset.fitted(ImageSize.square(imageSize), preset.inChannels(), preset.classes().orElse(0), false);
    }

    private ModelFolder folder() throws IOException {
        ModelOption option = new ModelOption();
        option.folder = which.model;
        return option.open();
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }
}
