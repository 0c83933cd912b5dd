package sirocco.cli;

import java.util.Optional;
import java.util.function.DoubleSupplier;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.HardwareLimits;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/**
 * What a device can move and multiply at most: what shares of a peak are taken of. Measured by the backend's own loops ({@link HardwareLimits}) if it has any,
 * otherwise by graphs of one op, which show what its kernels can reach.
 */
final class Peaks {
    private static final int PRODUCT = 4096;

    /** Sizes that are tried, each while the one before was done within {@link #ENOUGH_NANOS}: slow devices need not be given the work of fast ones. */
    private static final int[] MEBIS = {4, 16, 64};
    private static final int[] SIDES = {256, 512, 1024, 2048, PRODUCT};
    private static final double ENOUGH_NANOS = 1e7;
    /** Runs go on until none has been faster by a twentieth for so long. */
    private static final double STEADY_NANOS = 3e8;
    private static final double PATIENCE_NANOS = 4e9;

    /**
     * What a device can do in a second, in float32 or in the precision that it was opened with.
     *
     * @param by what was measured for {@code flops}, for people
     */
    record Measured(double flops, double bytes, String by) {
        /**
         * The share of what bounds it more, the product's rate or the copy's, that work reaches: what it would take at that peak, of the time it
         * took (Williams et al. 2009, the roofline).
         */
        double share(long workFlops, long workBytes, double nanos) {
            return 1e9 * Math.max(workFlops / flops, workBytes / bytes) / nanos;
        }
    }

    private Peaks() { }

    /**
     * Measures both.
     *
     * @param warmup seconds of each before it is timed: a virtual machine takes its time to compile
     */
    static Measured measure(Device device, double warmup) {
        Optional<HardwareLimits> limits = device.limits();
        if (limits.isPresent()) {
            return new Measured(rate(limits.get()::multiply, warmup), rate(limits.get()::copy, warmup), "multiply-adds in registers");
        }
        return ofGraphs(device, warmup);
    }

    /** What {@code loop} returns, a second, at its fastest. */
    private static double rate(DoubleSupplier loop, double warmup) {
        double done = loop.getAsDouble();
        for (long end = System.nanoTime() + (long) (warmup * 1e9); System.nanoTime() < end;) {
            loop.getAsDouble();
        }
        return done / best(loop::getAsDouble) * 1e9;
    }

    private static Measured ofGraphs(Device device, double warmup) {
        warm(device, copy(MEBIS[0]), warmup);
        double bytes = 0;
        for (int mebi : MEBIS) {
            Plan plan = device.plan(copy(mebi));
            double nanos = best(device, plan);
            bytes = bytes(plan) / nanos * 1e9;
            if (nanos > ENOUGH_NANOS) {
                break;
            }
        }
        warm(device, product(SIDES[0], SIDES[0]), warmup);
        double flops = 0;
        for (int side : SIDES) {
            Plan plan = device.plan(product(side, side));
            double nanos = best(device, plan);
            flops = Math.max(flops, plan.graph().flops() / nanos * 1e9);
            if (nanos > ENOUGH_NANOS) {
                break;
            }
        }
        return new Measured(flops, bytes, "product");
    }

    private static void warm(Device device, Graph graph, double seconds) {
        try (Executable e = device.load(device.plan(graph))) {
            long end = System.nanoTime() + (long) (seconds * 1e9);
            do {
                e.run();
                e.await();
            } while (System.nanoTime() < end);
        }
    }

    private static double best(Device device, Plan plan) {
        try (Executable e = device.load(plan)) {
            return best(() -> {
                e.run();
                e.await();
            });
        }
    }

    /** Nanoseconds of the fastest of several runs. */
    private static double best(Runnable run) {
        double best = Double.POSITIVE_INFINITY;
        long start = System.nanoTime();
        long now = start;
        for (long improved = start; now - improved < STEADY_NANOS && now - start < PATIENCE_NANOS || best == Double.POSITIVE_INFINITY;) {
            long began = System.nanoTime();
            run.run();
            now = System.nanoTime();
            if (now - began < 0.95 * best) {
                improved = now;
            }
            best = Math.min(best, now - began);
        }
        return best;
    }

    /** One pass: reads {@code mebi}·2²⁰ numbers, writes as many. */
    static Graph copy(int mebi) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(mebi, 128, 128, 64), DType.F32);
        g.output(g.in("pass", () -> g.silu(x)));
        return g.build();
    }

    /** [rows, 4096] · [4096, 4096] */
    static Graph product(int rows) {
        return product(rows, PRODUCT);
    }

    private static Graph product(int rows, int side) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", Shape.features(rows, side), DType.F32);
        Value w = g.parameter("w", new Shape(side, 1, 1, side));
        g.output(g.in("product", () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1))));
        return g.build();
    }

    /** What a pass over every value of a plan moves, as the values are stored. */
    static long bytes(Plan plan) {
        return plan.graph().values().stream().mapToLong(v -> plan.slot(v).bytes()).sum();
    }
}
