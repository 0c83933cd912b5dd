package sirocco.testkit;

import java.util.List;
import sirocco.testkit.RandomGraph.Kind;
import sirocco.testkit.RandomGraph.Node;
import sirocco.testkit.RandomGraph.Output;

/** The persistent values of random graphs. Each holds the data that it was generated with. */
final class Leaves {
    private Leaves() { }

    static Node input(Output o) {
        return new Node("input", Kind.LEAF, List.of(), List.of(o), (c, reads) -> List.of(c.input("v" + o.number(), o.shape(), data(o))));
    }

    static Node parameter(Output o) {
        // Recorded inside the node's path, which is part of its name.
        return new Node("parameter", Kind.LEAF, List.of(), List.of(o), (c, reads) -> List.of(c.parameter("weight", o.shape(), data(o))));
    }

    static Node state(Output o) {
        return new Node("state", Kind.LEAF, List.of(), List.of(o), (c, reads) -> List.of(c.state("v" + o.number(), o.shape(), data(o))));
    }

    /** A table, a mask or a target. */
    static Node constant(Output o) {
        return new Node("constant input", Kind.CONSTANT, List.of(), List.of(o), (c, reads) -> List.of(c.input("v" + o.number(), o.shape(), data(o))));
    }

    static Node integers(Output o) {
        return new Node("integers", Kind.CONSTANT, List.of(), List.of(o),
                (c, reads) -> List.of(c.integers("v" + o.number(), o.shape(), ints(o))));
    }

    /** An I32 state [1,1,1,1]. */
    static Node cursor(Output o) {
        return new Node("cursor", Kind.CONSTANT, List.of(), List.of(o), (c, reads) -> List.of(c.number("v" + o.number(), ints(o)[0])));
    }

    static Node images(Output o) {
        return new Node("images", Kind.CONSTANT, List.of(), List.of(o), (c, reads) -> List.of(c.images("v" + o.number(), o.shape(), o.values())));
    }

    /** A leaf in the place of what an op wrote. */
    static Node holding(Output o) {
        return switch (o.dtype()) {
            case F32 -> input(o);
            case I32 -> integers(o);
            case U8 -> images(o);
        };
    }

    private static CaseBuilder.Floats data(Output o) {
        return (random, i) -> o.values()[i];
    }

    private static int[] ints(Output o) {
        int[] all = new int[o.values().length];
        for (int i = 0; i < all.length; i++) {
            all[i] = (int) o.values()[i];
        }
        return all;
    }
}
