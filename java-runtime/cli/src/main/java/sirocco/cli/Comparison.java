package sirocco.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntConsumer;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.model.UNet;
import sirocco.sample.Profile;

/** The same work on several backends: what it costs to begin, whole steps in alternating rounds, and kernels beside each other. */
final class Comparison {
    /** Steps of the plan whose time is that of its launches. */
    private static final int LAUNCHES = 64;
    private static final double ROUND_NANOS = 1e8;

    /**
     * What one backend takes.
     *
     * @param loadMillis to plan, to allocate, to compile what is compiled ahead, and to write weights
     * @param firstMillis of the first step, with what is compiled then
     * @param launchMicros of a step that computes nothing to speak of, among others like it
     * @param millis of a warm step: median, fastest, slowest
     * @param kernelNanos by "op shape"
     */
    record OfBackend(String backend, String device, double loadMillis, double firstMillis, double launchMicros, double[] millis,
                     Map<String, Long> kernelNanos) { }

    private static final class Running {
        private final String backend;
        private final Device device;
        private final long began = System.nanoTime();
        private double loadMillis;
        private double firstMillis;
        private double launchMicros;
        private IntConsumer steps;
        private Executable executable;
        private int each;
        private double[] millis;

        Running(String backend, Device device) {
            this.backend = backend;
            this.device = device;
        }

        void loaded(Executable e, IntConsumer work, double warmup) {
            executable = e;
            steps = work;
            loadMillis = (System.nanoTime() - began) * 1e-6;
            firstMillis = nanos(1) * 1e-6;
            double fastest = Double.POSITIVE_INFINITY;
            long end = System.nanoTime() + (long) (warmup * 1e9);
            do {
                fastest = Math.min(fastest, nanos(1));
            } while (System.nanoTime() < end);
            each = (int) Math.max(1, Math.ceil(ROUND_NANOS / fastest));
            launchMicros = Math.max(0, chain(device, LAUNCHES) - chain(device, 1)) / (LAUNCHES - 1) * 1e-3;
        }

        long nanos(int n) {
            long start = System.nanoTime();
            steps.accept(n);
            executable.await();
            return System.nanoTime() - start;
        }

        OfBackend result(int rounds) {
            Arrays.sort(millis);
            Map<String, Long> kernels = new LinkedHashMap<>();
            Profile.of(executable, Math.min(rounds, 5)).forEach(r -> kernels.merge("%-22s %-36s".formatted(r.kind(), r.shape()), r.nanos(), Long::sum));
            return new OfBackend(backend, device.describe(), loadMillis, firstMillis, launchMicros,
                    new double[] {millis[rounds / 2], millis[0], millis[rounds - 1]}, kernels);
        }
    }

    private final Workload what;
    private final UNet model;
    private final int batch;
    private final int rounds;
    private final double warmup;

    Comparison(Workload what, UNet model, int batch, int rounds, double warmup) {
        this.what = what;
        this.model = model;
        this.batch = batch;
        this.rounds = rounds;
        this.warmup = warmup;
    }

    /** @param open opens a backend's device by the backend's name */
    List<OfBackend> run(List<String> backends, Function<String, Device> open) {
        return next(new ArrayList<>(), backends, open);
    }

    /** All are in memory at once, so that they can take turns. */
    private List<OfBackend> next(List<Running> running, List<String> left, Function<String, Device> open) {
        if (left.isEmpty()) {
            return measure(running);
        }
        List<OfBackend> results = new ArrayList<>();
        try (Device device = open.apply(left.getFirst())) {
            Running one = new Running(left.getFirst(), device);
            what.with(device, model, batch, (executable, steps) -> {
                one.loaded(executable, steps, warmup);
                running.add(one);
                results.addAll(next(running, left.subList(1, left.size()), open));
            });
        }
        return results;
    }

    private List<OfBackend> measure(List<Running> running) {
        running.forEach(r -> r.millis = new double[rounds]);
        try (Progress progress = new Progress("time", "rounds", rounds, 0)) {
            for (int round = 0; round < rounds; round++) {
                for (Running r : running) {
                    r.millis[round] = r.nanos(r.each) * 1e-6 / r.each;
                }
                progress.to(round + 1);
            }
        }
        return running.stream().map(r -> r.result(rounds)).toList();
    }

    /** Nanoseconds of a run of so many steps, each on one number and after the one before: the fastest of many. */
    private static double chain(Device device, int steps) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", Shape.vector(1), DType.F32);
        for (int i = 0; i < steps; i++) {
            Value before = x;
            x = g.in("step" + i, () -> g.silu(before));
        }
        g.output(x);
        double best = Double.POSITIVE_INFINITY;
        try (Executable e = device.load(device.plan(g.build()))) {
            long end = System.nanoTime() + (long) 2e8;
            for (int i = 0; i < 10 || System.nanoTime() < end; i++) {
                long start = System.nanoTime();
                e.run();
                e.await();
                best = Math.min(best, System.nanoTime() - start);
            }
        }
        return best;
    }

    static void print(PrintWriter out, List<OfBackend> all) {
        out.printf("%n%-10s %10s %12s %12s %12s %24s %10s%n", "backend", "load, ms", "first, ms", "launch, µs", "step, ms", "fastest to slowest", "relative");
        double first = all.getFirst().millis[0];
        for (OfBackend b : all) {
            out.printf(Locale.ROOT, "%-10s %10.1f %12.1f %12.2f %12.3f %24s %10.2f%n", b.backend, b.loadMillis, b.firstMillis, b.launchMicros, b.millis[0],
                    String.format(Locale.ROOT, "%.3f to %.3f", b.millis[1], b.millis[2]), b.millis[0] / first);
        }
        out.printf("%n%-22s %-36s", "op", "shape");
        all.forEach(b -> out.printf("%14s", b.backend + ", µs"));
        out.println();
        List<String> kernels = all.getFirst().kernelNanos.entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .map(Map.Entry::getKey).toList();
        for (String kernel : kernels) {
            out.print(kernel);
            all.forEach(b -> out.printf(Locale.ROOT, "%14.1f", b.kernelNanos.getOrDefault(kernel, 0L) * 1e-3));
            out.println();
        }
        out.flush();
    }
}
