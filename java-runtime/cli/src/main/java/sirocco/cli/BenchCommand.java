package sirocco.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.io.AtomicFiles;
import sirocco.nn.Network;
import sirocco.nn.Weights;
import sirocco.pipeline.Components;
import sirocco.sample.Profile;

/** Times whole steps, and every kernel in them. Beside LibTorch: {@code build-scripts/bench}. */
@Command(name = "bench", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Time a model's forward pass, training or sampling step and its kernels one by one; or what a device can copy and multiply.",
        footerHeading = "%nExamples:%n",
        footer = {"  sirocco bench", "  sirocco bench --preset cifar10 --batch 8 --what train --kernels",
                "  sirocco bench --backend cuda --precision bf16 --what train --kernels --kernel conv2d=v3",
            "  sirocco bench --backend cpu --beside tornado --what train --batch 4",
            "  sirocco bench --backend cuda --beside tornado --kernel '*=tornado'"})
final class BenchCommand implements Callable<Integer> {
    /** Of which a kernel's time is taken; slow variants take long. */
    private static final int VARIANT_ROUNDS = 3;

    @Option(names = "--preset", defaultValue = "small", paramLabel = "NAME", description = "small or cifar10; default: ${DEFAULT-VALUE}")
    String preset;

    @Option(names = "--what", defaultValue = "forward", paramLabel = "STEP", description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
    Workload what;

    @Option(names = "--batch", defaultValue = "16", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    int batch;

    @Option(names = "--rounds", defaultValue = "15", paramLabel = "N", description = "timed rounds, each of at least 100 ms; default: ${DEFAULT-VALUE}")
    int rounds;

    @Option(names = "--warm-up", defaultValue = "5", paramLabel = "S", description = "run so long before timing starts: a GPU raises its clocks only under load; default: ${DEFAULT-VALUE}")
    double warmup;

    @Option(names = "--kernels", description = "also a table of kernels by time: FLOPs, bytes, share of the measured peak")
    boolean kernels;

    @Option(names = "--kernel", split = ",", paramLabel = "OP=VARIANT",
            description = "compute an op by this variant wherever it fits, as conv2d=v1 (docs/cuda-convolution.md); *=VARIANT: every op. With --beside on each "
                    + "backend that has it: *=tornado does without hand-tuned kernels in TornadoVM (docs/tornado.md)")
    List<String> variants = List.of();

    @Option(names = "--all-variants", description = "also time each kernel by every variant that computes it")
    boolean allVariants;

    @Option(names = "--beside", split = ",", paramLabel = "BACKEND[:DEVICE][:TYPE]",
            description = "the same on these backends too, in turns, and their kernels beside each other; on their first device and in --precision, or as in tornado:1:f32")
    List<String> beside = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "also write all figures to this file")
    Path json;

    @Mixin
    DeviceOptions device;

    @Spec
    CommandSpec spec;

    /** As in the file. */
    private final Map<String, Object> figures = new LinkedHashMap<>();
    /** With peaks that were measured before the model takes its memory. */
    private Optional<KernelTable> table = Optional.empty();

    @Override
    public Integer call() throws IOException {
        DeviceOptions.checkBatch(batch);
        if (rounds < 1 || !(warmup >= 0 && warmup < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("--rounds must be at least 1 and --warm-up at least 0, got " + rounds + " and " + warmup);
        }
        if (!beside.isEmpty() && (kernels || allVariants)) {
            throw new IllegalArgumentException("--beside has a table of its own; leave out --kernels and --all-variants");
        }
        PrintWriter out = spec.commandLine().getOut();
        Network model = Components.preset(preset).network();
        List<Place> places = device.places(beside);
        AskedKernels.ask(places.stream().map(Place::backend).toList(), variants);
        if (beside.isEmpty()) {
            alone(out, model);
        } else {
            compare(out, model, places);
        }
        save();
        return 0;
    }

    private void compare(PrintWriter out, Network model, List<Place> places) throws IOException {
        List<Comparison.OfBackend> compared = new Comparison(what, model, batch, rounds, warmup).run(places, place -> device.open(out, place));
        new ComparisonTable(compared).print(out);
        describe();
        figures.put("backends", compared);
    }

    private void describe() {
        figures.put("what", what.name().toLowerCase(Locale.ROOT));
        figures.put("preset", preset);
        figures.put("batch", batch);
    }

    /** What is known by now: a kernel that fails costs its own figures, and no others. */
    private void save() {
        if (json != null) {
            try {
                AtomicFiles.writeText(json, new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void alone(PrintWriter out, Network model) throws IOException {
        Weights weights = Weights.initial(model.config(), 0);
        try (Device opened = device.open(out)) {
            if (kernels || allVariants) {
                Peaks.Measured peaks = Peaks.measure(opened, warmup);
                table = Optional.of(new KernelTable(peaks));
                figures.put("peak_gflop_per_s", peaks.flops() * 1e-9);
                figures.put("peak_gb_per_s", peaks.bytes() * 1e-9);
            }
            what.with(opened, model, weights, batch, (executable, steps) -> time(out, opened, executable, steps));
        }
        if (allVariants) {
            out.printf("%neach kernel by every variant%n");
            table.orElseThrow().print(out, ofVariants(model, weights), false);
        }
    }

    /** Rows of every way in which a kernel was computed, by kernel and shape, the fastest first. */
    private List<KernelTable.Row> ofVariants(Network model, Weights weights) {
        Map<List<String>, Profile.Row> fastest = new LinkedHashMap<>();
        Set<List<String>> seen = new HashSet<>();
        List<String> all = device.variants();
        List<KernelTable.Row> rows = List.of();
        // The first stays open, so that the GPU's context does, in which the next ones are.
        try (Device _ = device.open(""); Progress progress = new Progress("time", "variants", all.size(), 0)) {
            for (int i = 0; i < all.size(); i++) {
                try (Device opened = device.open(all.get(i))) {
                    if (!seen.add(List.of(what.plan(opened, model, batch).notes()))) {
                        continue; // it fits nothing, or as another does
                    }
                    what.with(opened, model, weights, batch, (executable, steps) -> {
                        steps.accept(1);
                        Profile.of(executable, VARIANT_ROUNDS).stream().filter(r -> !r.algorithm().isEmpty())
                                .forEach(r -> fastest.merge(List.of(r.kind(), r.shape(), r.algorithm()), r, (x, y) -> x.nanos() <= y.nanos() ? x : y));
                    });
                }
                rows = table.orElseThrow().rows(fastest.values().stream().sorted(Comparator.comparing(Profile.Row::kind)
                        .thenComparing(Profile.Row::shape).thenComparing(Profile.Row::nanos)).toList());
                figures.put("variants", rows);
                save();
                progress.to(i + 1);
            }
        }
        return rows;
    }

    /** What the JVM was started with for this backend: system properties, as they change what is timed. */
    private Map<String, String> backendProperties() {
        String prefix = "sirocco." + device.backend() + ".";
        Map<String, String> set = new TreeMap<>();
        System.getProperties().stringPropertyNames().stream().filter(n -> n.startsWith(prefix)).forEach(n -> set.put(n, System.getProperty(n)));
        return set;
    }

    /** @param steps does so many */
    private void time(PrintWriter out, Device opened, Executable executable, IntConsumer steps) {
        Plan plan = executable.plan();
        out.println(plan.summary());
        out.flush();
        long end = System.nanoTime() + (long) (warmup * 1e9);
        int warm = 0;
        long began = System.nanoTime();
        do {
            steps.accept(1);
            executable.await(); // or a device's queue grows as long as the warm-up lasts
            warm++;
        } while (System.nanoTime() < end);
        int each = (int) Math.max(1, Math.ceil(1e8 / ((System.nanoTime() - began) / (double) warm)));
        double[] millis = new double[rounds];
        try (Progress progress = new Progress("time", "rounds", rounds, 0)) {
            for (int r = 0; r < rounds; r++) {
                long start = System.nanoTime();
                steps.accept(each);
                executable.await();
                millis[r] = (System.nanoTime() - start) * 1e-6 / each;
                progress.to(r + 1);
            }
        }
        steps.accept(each);
        Map<String, Double> readings = opened.readings(); // under the load that was timed, and not during it
        executable.await();
        Arrays.sort(millis);
        double median = millis[rounds / 2];
        boolean peak = what == Workload.COPY || what == Workload.PRODUCT;
        double gigaflops = plan.graph().flops() / median * 1e-6;
        double gigabytes = what == Workload.COPY ? Peaks.bytes(plan) / median * 1e-6 : 0;
        out.printf(Locale.ROOT, "%s, batch %d: median %.3f ms (%.3f to %.3f over %d rounds of %d), %s, %.0f GFLOP/s%n",
                what.name().toLowerCase(Locale.ROOT), batch, median, millis[0], millis[rounds - 1], rounds, each,
                peak ? String.format(Locale.ROOT, "%.0f GB/s", gigabytes) : String.format(Locale.ROOT, "%.1f images/s", batch / median * 1e3), gigaflops);
        OptionalLong resident = ResidentMemory.peakBytes();
        resident.ifPresent(bytes -> out.printf(Locale.ROOT, "process: at most %d MiB resident%n", bytes >> 20));
        if (!readings.isEmpty()) {
            out.println(readings.entrySet().stream().map(e -> String.format(Locale.ROOT, "%s %.0f", e.getKey(), e.getValue())).collect(Collectors.joining(", ")));
        }
        out.flush();
        describe();
        figures.put("readings", readings);
        figures.put("precision", device.precision().name().toLowerCase(Locale.ROOT));
        figures.put("backend", device.backend());
        figures.put("device", opened.describe()); // after the runs, in which a driver may have refused something
        figures.put("properties", backendProperties());
        figures.put("median_ms", median);
        figures.put("min_ms", millis[0]);
        figures.put("max_ms", millis[rounds - 1]);
        figures.put("gflop_per_s", gigaflops);
        figures.put("gb_per_s", gigabytes);
        figures.put("plan_bytes", plan.totalBytes());
        resident.ifPresent(bytes -> figures.put("resident_bytes", bytes));
        figures.put("kernels", List.of());
        save();
        if (kernels) {
            List<KernelTable.Row> rows = table.orElseThrow().rows(Profile.of(executable, rounds));
            table.orElseThrow().print(out, rows, true);
            out.flush();
            figures.put("kernels", rows);
        }
    }
}
