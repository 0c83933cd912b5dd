package sirocco.cli;

import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** Graphs of one op that show what a device, with these kernels, can move and multiply: what shares of a peak are taken of. */
final class Peaks {
    private static final int PRODUCT = 4096;

    private Peaks() { }

    /** One pass: reads {@code mebi}·2²⁰ numbers, writes as many. */
    static Graph copy(int mebi) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(mebi, 128, 128, 64), DType.F32);
        g.output(g.in("pass", () -> g.silu(x)));
        return g.build();
    }

    /** [rows, 4096] · [4096, 4096] */
    static Graph product(int rows) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", Shape.features(rows, PRODUCT), DType.F32);
        Value w = g.parameter("w", new Shape(PRODUCT, 1, 1, PRODUCT));
        g.output(g.in("product", () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(1))));
        return g.build();
    }

    /** What a pass over every value of a plan moves, as the values are stored. */
    static long bytes(Plan plan) {
        return plan.graph().values().stream().mapToLong(v -> plan.slot(v).bytes()).sum();
    }
}
