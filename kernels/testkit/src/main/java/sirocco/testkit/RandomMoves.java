package sirocco.testkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import sirocco.api.Axis;
import sirocco.api.Diffusion;
import sirocco.api.Shape;
import sirocco.testkit.RandomGraph.Kind;
import sirocco.testkit.RandomOps.Maker;

/** Adds random movements, and changes of states, to a sketch. */
final class RandomMoves {
    private RandomMoves() { }

    static List<Maker> all() {
        return List.of(RandomMoves::concat, RandomMoves::slice, RandomMoves::repeat, RandomMoves::reshape, RandomMoves::permute, RandomMoves::upsample,
                RandomMoves::averagePool, RandomMoves::copy, RandomMoves::ramp, RandomMoves::moveIntegers, RandomMoves::change);
    }

    private static Axis axis(Sketch s) {
        return s.one(List.of(Axis.values()));
    }

    private static void concat(Sketch s) {
        int a = s.any();
        Axis axis = axis(s);
        int size = s.chance(0.5) ? s.shape(a).size(axis) : s.one(List.of(1, 2, 3));
        Shape b = s.shape(a).with(axis, size);
        if (Sketch.small(s.shape(a).with(axis, s.shape(a).size(axis) + size))) {
            s.op("concat along " + axis, List.of(a, s.like(b)), (c, r) -> List.of(c.g.concat(r.get(0), r.get(1), axis)));
        }
    }

    private static void slice(Sketch s) {
        int x = s.any();
        Axis axis = axis(s);
        int size = s.shape(x).size(axis);
        int from = s.random.nextInt(size);
        int count = s.random.nextInt(1, size - from + 1);
        s.op("slice along " + axis + ", " + count + " from " + from, List.of(x), (c, r) -> List.of(c.g.slice(r.getFirst(), axis, from, count)));
    }

    private static void repeat(Sketch s) {
        int x = s.any();
        Shape to = s.shape(x);
        for (Axis axis : Axis.values()) {
            if (s.chance(0.35)) {
                to = to.with(axis, to.size(axis) * s.one(List.of(2, 3)));
            }
        }
        Shape repeated = to;
        if (Sketch.small(to)) {
            s.op("repeat to " + to, List.of(x), (c, r) -> List.of(c.g.repeat(r.getFirst(), repeated)));
        }
    }

    private static List<Integer> shuffled(Sketch s, List<Integer> of) {
        List<Integer> order = new ArrayList<>(of);
        Collections.shuffle(order, new Random(s.random.nextLong()));
        return order;
    }

    private static void reshape(Sketch s) {
        int x = s.any();
        Shape from = s.shape(x);
        List<Integer> d = shuffled(s, List.of(from.n(), from.h(), from.w(), from.c()));
        Shape to = s.one(List.of(new Shape(d.get(0), d.get(1), d.get(2), d.get(3)), new Shape(d.get(0), 1, d.get(1) * d.get(2), d.get(3)),
                new Shape(d.get(0) * d.get(1), 1, 1, d.get(2) * d.get(3)), Shape.vector((int) from.elements())));
        s.op("reshape to " + to, List.of(x), (c, r) -> List.of(c.g.reshape(r.getFirst(), to)));
    }

    private static void permute(Sketch s) {
        List<Axis> order = shuffled(s, List.of(0, 1, 2, 3)).stream().map(i -> Axis.values()[i]).toList();
        s.op("permute " + order, List.of(s.any()), (c, r) -> List.of(c.g.permute(r.getFirst(), order)));
    }

    private static void upsample(Sketch s) {
        int x = s.any();
        if (4 * s.shape(x).elements() <= 2000) {
            s.op("upsample", List.of(x), (c, r) -> List.of(c.g.upsample(r.getFirst())));
        }
    }

    private static void averagePool(Sketch s) {
        int k = s.one(List.of(1, 2, 3));
        List<Integer> fitting = s.floats(v -> s.shape(v).h() % k == 0 && s.shape(v).w() % k == 0);
        if (!fitting.isEmpty()) {
            s.op("averagePool " + k, List.of(s.one(fitting)), (c, r) -> List.of(c.g.averagePool(r.getFirst(), k)));
        }
    }

    private static void copy(Sketch s) {
        s.op("copy", List.of(s.any()), (c, r) -> List.of(c.g.copy(r.getFirst())));
    }

    private static void ramp(Sketch s) {
        int x = s.any();
        Axis axis = axis(s);
        Shape shape = s.chance(0.5) ? s.shape(x) : new Shape(1, 1, 1, 1).with(axis, s.shape(x).size(axis));
        s.op("x·(ramp along " + axis + " of " + shape + ")", List.of(x), (c, r) -> List.of(c.g.multiply(r.getFirst(), c.g.ramp(0.5, -0.25, axis, shape))));
    }

    /** Row numbers too are reshaped and repeated. */
    private static void moveIntegers(Sketch s) {
        List<Integer> known = s.integers(_ -> true);
        int x = known.isEmpty() ? s.ids(Shape.features(3, 1), 5) : s.one(known);
        Shape shape = s.shape(x);
        int bound = s.output(x).bound();
        if (s.chance(0.5) && shape.elements() < 50) {
            s.ops("repeat integers", Kind.OP, List.of(x), bound, (c, r) -> List.of(c.g.repeat(r.getFirst(), shape.withN(2 * shape.n()))));
        } else {
            Shape to = s.chance(0.5) ? Shape.features((int) shape.elements(), 1) : new Shape(1, 1, (int) shape.elements(), 1);
            s.ops("reshape integers to " + to, Kind.OP, List.of(x), bound, (c, r) -> List.of(c.g.reshape(r.getFirst(), to)));
        }
    }

    /** A change of a state in place. */
    private static void change(Sketch s) {
        int x = s.any();
        Shape shape = s.shape(x);
        switch (s.random.nextInt(3)) {
            case 0 -> s.ops("accumulate x twice", Kind.UPDATE, List.of(x, s.state(shape)), 0, (c, r) -> {
                c.g.accumulate(r.get(0), r.get(1));
                c.g.accumulate(r.get(0), r.get(1));
                return List.of(r.get(1));
            });
            case 1 -> s.ops("assign", Kind.UPDATE, List.of(x, s.state(shape)), 0, (c, r) -> {
                c.g.assign(r.get(0), r.get(1));
                return List.of(r.get(1));
            });
            default -> s.ops("advance", Kind.UPDATE, List.of(s.cursor(4)), 0, (c, r) -> {
                c.g.record(new Diffusion.Advance(r.getFirst()), null);
                return List.of(r.getFirst());
            });
        }
    }
}
