package sirocco.cli;

import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** Graphs of one op that show what a device, with these kernels, can move and multiply: what shares of a peak are taken of. */
final class Peaks {
    private static final int PRODUCT = 4096;

    /** Sizes that are tried, each while the one before was done within {@link #ENOUGH_NANOS}: slow devices need not be given the work of fast ones. */
    private static final int[] MEBIS = {4, 16, 64};
    private static final int[] SIDES = {256, 512, 1024, 2048, PRODUCT};
    private static final double ENOUGH_NANOS = 1e7;
    private static final double MEASURED_NANOS = 2e8;

    /** What a device can do in a second, in float32 or in the precision that it was opened with. */
    record Measured(double flops, double bytes) {
        /**
         * The share of what bounds it more, the product's rate or the copy's, that work reaches: what it would take at that peak, of the time it
         * took (Williams et al. 2009, the roofline).
         */
        double share(long workFlops, long workBytes, double nanos) {
            return 1e9 * Math.max(workFlops / flops, workBytes / bytes) / nanos;
        }
    }

    private Peaks() { }

    /** Measures both, which takes a second. */
    static Measured measure(Device device) {
        double bytes = 0;
        for (int mebi : MEBIS) {
            Plan plan = device.plan(copy(mebi));
            double nanos = best(device, plan);
            bytes = bytes(plan) / nanos * 1e9;
            if (nanos > ENOUGH_NANOS) {
                break;
            }
        }
        double flops = 0;
        for (int side : SIDES) {
            Plan plan = device.plan(product(side, side));
            double nanos = best(device, plan);
            flops = plan.graph().flops() / nanos * 1e9;
            if (nanos > ENOUGH_NANOS) {
                break;
            }
        }
        return new Measured(flops, bytes);
    }

    /** Nanoseconds of the fastest of several runs. */
    private static double best(Device device, Plan plan) {
        try (Executable e = device.load(plan)) {
            double best = Double.POSITIVE_INFINITY;
            long end = System.nanoTime() + (long) MEASURED_NANOS;
            for (int run = 0; run < 2 || System.nanoTime() < end; run++) {
                long began = System.nanoTime();
                e.run();
                e.await();
                best = Math.min(best, System.nanoTime() - began);
            }
            return best;
        }
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
