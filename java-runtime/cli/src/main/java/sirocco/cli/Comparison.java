package sirocco.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.Network;
import sirocco.nn.Weights;
import sirocco.sample.Profile;

/** The same work on several backends: what it costs to begin, whole steps in alternating rounds, and kernels beside each other. */
final class Comparison {
    /** Steps of the plan whose time is that of its launches. */
    private static final int LAUNCHES = 64;
    private static final double ROUND_NANOS = 1e8;

    /**
     * What one backend takes.
     *
     * @param place as it was asked for
     * @param device what that is, and how its kernels are chosen
     * @param loadMillis to plan, to allocate, to compile what is compiled ahead, and to write weights
     * @param firstMillis of the first step, with what is compiled then
     * @param launchMicros of a step that computes nothing to speak of, among others like it
     * @param millis of a warm step: median, fastest, slowest
     * @param kernels by op, shape and algorithm, which is empty where a backend has one kernel of its own
     */
    record OfBackend(String backend, String place, String precision, String device, double loadMillis, double firstMillis, double launchMicros, double[] millis,
                     List<Profile.Row> kernels) { }

    private static final class Running {
        private final Place place;
        private final Device device;
        private final long began = System.nanoTime();
        private double loadMillis;
        private double firstMillis;
        private double launchMicros;
        private IntConsumer steps;
        private Executable executable;
        private int each;
        private double[] millis;

        Running(Place place, Device device) {
            this.place = place;
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
            return new OfBackend(place.backend(), place.toString(), place.precision().name().toLowerCase(Locale.ROOT), device.describe(), loadMillis, firstMillis,
                    launchMicros, new double[] {millis[rounds / 2], millis[0], millis[rounds - 1]}, Profile.of(executable, Math.min(rounds, 5)));
        }
    }

    private final Workload what;
    private final Network model;
    private final Weights weights;
    private final int batch;
    private final int rounds;
    private final double warmup;

    Comparison(Workload what, Network model, int batch, int rounds, double warmup) {
        this.what = what;
        this.model = model;
        weights = Weights.initial(model.config(), 0);
        this.batch = batch;
        this.rounds = rounds;
        this.warmup = warmup;
    }

    /** Opens a place's device. */
    @FunctionalInterface
    interface Opening {
        Device open(Place place) throws IOException;
    }

    /** All are opened before the first is loaded, which takes long: one may refuse. */
    List<OfBackend> run(List<Place> places, Opening opening) throws IOException {
        List<Device> devices = new ArrayList<>();
        try {
            for (Place place : places) {
                devices.add(opening.open(place));
            }
            return next(new ArrayList<>(), places, devices);
        } finally {
            devices.reversed().forEach(Device::close);
        }
    }

    /** All are in memory at once, so that they can take turns. */
    private List<OfBackend> next(List<Running> running, List<Place> places, List<Device> devices) {
        int mine = running.size();
        if (mine == places.size()) {
            return measure(running);
        }
        List<OfBackend> results = new ArrayList<>();
        Running one = new Running(places.get(mine), devices.get(mine));
        what.with(devices.get(mine), model, weights, batch, (executable, steps) -> {
            one.loaded(executable, steps, warmup);
            running.add(one);
            results.addAll(next(running, places, devices));
        });
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
}
