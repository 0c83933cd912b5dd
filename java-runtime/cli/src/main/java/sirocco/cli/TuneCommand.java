package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.api.Tuning;
import sirocco.nn.Network;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;
import sirocco.pipeline.Components;
import sirocco.pipeline.DiffusionModel;
import sirocco.tune.Tuner;
import sirocco.tune.TuningFile;

/** Measures which variant of each kernel is the fastest on a device, and writes it down for every later command. */
@Command(name = "tune", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Measure which variant of each kernel is the fastest here, for the shapes of a model.",
            "Every later command on a device of this kind takes what was found; --kernel and --tuning overrule it."},
        footerHeading = "%nExamples:%n",
        footer = {"  sirocco tune --backend cuda --precision bf16 --preset cifar10 --what train:128,sample:256,sample:1",
            "  sirocco tune --backend cuda --precision bf16 --model runs/photos --what sample:1 --try conv2d=v5"})
final class TuneCommand implements Callable<Integer> {
    @Option(names = "--preset", defaultValue = "cifar10", paramLabel = "NAME", description = "small or cifar10; default: ${DEFAULT-VALUE}")
    String preset;

    @Option(names = "--model", paramLabel = "DIR", description = "the shapes of this model, a model's or a run's folder, instead")
    Optional<Path> model;

    @Option(names = "--what", split = ",", defaultValue = "train:128,sample:128", paramLabel = "STEP:BATCH",
            description = "for these steps and batches, as train:128,sample:1; default: ${DEFAULT-VALUE}")
    List<String> what;

    @Option(names = "--rounds", defaultValue = "15", paramLabel = "N", description = "of which a time is the median; default: ${DEFAULT-VALUE}")
    int rounds;

    @Option(names = "--try", split = ",", paramLabel = "OP=VARIANT", description = "only these, as conv2d=v5; default: all that there are")
    List<String> only = List.of();

    @Option(names = "--checked", paramLabel = "FILE",
            description = "only those that passed and never failed in this file of check's, written with --all-variants --json")
    Optional<Path> checked;

    @Option(names = "--out", paramLabel = "FILE", description = "where to write it; default: tuning.json in the user's folder for caches, where it is looked for")
    Optional<Path> file;

    @Mixin
    DeviceOptions device;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        List<Timed> timed = what.stream().distinct().map(Timed::parse).toList();
        if (rounds < 1) {
            throw new IllegalArgumentException("--rounds must be at least 1, got " + rounds);
        }
        PrintWriter out = spec.commandLine().getOut();
        Network network = config().network();
        List<String> variants = variants(out);
        Path to = file.orElseGet(TuningFile::standard);
        if (Files.exists(to)) {
            TuningFile.read(to); // rather now than after the measurements
        }
        Tuning.Key key;
        try (Device opened = device.open("")) {
            out.println(opened.describe());
            key = new Tuning.Key(device.chosen(), opened.hardware(), device.precision());
        }
        Weights weights = Weights.initial(network.config(), 0);
        List<Tuner.Work> works = timed.stream().map(t -> t.work(network, weights)).toList();
        Tuner tuner = new Tuner(device.precision(), rounds);
        int[] tried = {0};
        try (Progress progress = new Progress("tune", "variants", variants.size() * works.size(), 0)) {
            tuner.tune(device::open, variants, works, () -> progress.to(++tried[0]));
        } finally { // a variant at which the device fails is no reason to lose what the others have shown
            write(out, to, key, tuner.found());
        }
        return 0;
    }

    /** A step at a batch size. */
    private record Timed(Workload what, int batch) {
        static Timed parse(String text) {
            String[] sides = text.split(":", -1);
            try {
                Timed timed = new Timed(Workload.valueOf(sides[0].toUpperCase(Locale.ROOT)), Integer.parseInt(sides[sides.length - 1]));
                DeviceOptions.checkBatch(timed.batch);
                if (sides.length == 2) {
                    return timed;
                }
            } catch (IllegalArgumentException e) {
                // said below
            }
            throw new IllegalArgumentException("--what: expected STEP:BATCH, as train:128, got " + text + ". Steps are "
                    + Arrays.stream(Workload.values()).map(w -> w.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", ")));
        }

        Tuner.Work work(Network network, Weights weights) {
            return new Tuner.Work() {
                @Override
                public Plan plan(Device device) {
                    return what.plan(device, network, batch);
                }

                @Override
                public void with(Device device, Consumer<Executable> use) {
                    what.with(device, network, weights, batch, (e, _) -> use.accept(e));
                }
            };
        }
    }

    private static void write(PrintWriter out, Path to, Tuning.Key key, Tuner.Found found) throws IOException {
        for (Tuner.Wrong w : found.wrong()) {
            out.println("not taken: " + w.variant() + " at " + w.step() + ": " + w.what() + "; sirocco check --all-variants tells more");
        }
        for (TuningFile.Entry e : found.faster()) {
            out.printf(Locale.ROOT, "%-10s %9.1f µs, %.2f times as fast as %s (%.1f µs): %s%n", e.variant(), e.micros(), e.ruleMicros() / e.micros(), e.rule(),
                    e.ruleMicros(), e.op());
        }
        TuningFile.update(to, key, found.measured(), found.faster());
        out.printf("%s: %d ops measured, another variant is faster for %d (%s)%n", to, found.measured().size(), found.faster().size(), key);
        out.flush();
    }

    private NetworkConfig config() throws IOException {
        if (model.isEmpty()) {
            return Components.preset(preset);
        }
        ModelOption folder = new ModelOption();
        folder.folder = model.get();
        return DiffusionModel.readConfig(folder.open(), Optional.empty());
    }

    private List<String> variants(PrintWriter out) throws IOException {
        List<String> all = device.variants();
        for (String wanted : only) {
            if (!all.contains(wanted)) {
                throw new IllegalArgumentException("--try " + wanted + ": there is no such variant; there are: " + String.join(", ", all));
            }
        }
        List<String> wanted = only.isEmpty() ? all : only;
        if (checked.isEmpty()) {
            return wanted;
        }
        List<String> sound = CheckedVariants.sound(checked.get(), wanted);
        if (sound.size() < wanted.size()) {
            out.println("not tried, since " + checked.get() + " has not seen them pass, or has seen them fail: "
                    + wanted.stream().filter(v -> !sound.contains(v)).collect(Collectors.joining(", ")));
            out.flush();
        }
        return sound;
    }
}
