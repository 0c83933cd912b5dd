package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.Diffusion.Noised;
import sirocco.api.Philox;
import sirocco.api.Random;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.testkit.RandomGraph.Kind;
import sirocco.testkit.RandomOps.Maker;

/** Adds random draws, and the arithmetic of diffusion, to a sketch. */
final class RandomDiffusion {
    private static final int ROWS = 5;

    private RandomDiffusion() { }

    static List<Maker> all() {
        return List.of(RandomDiffusion::combine, RandomDiffusion::combine, RandomDiffusion::lookup, RandomDiffusion::draw, RandomDiffusion::drawTimestep,
                RandomDiffusion::dropLabels, RandomDiffusion::dropout, RandomDiffusion::dropout, RandomDiffusion::pixels, RandomDiffusion::noising,
                RandomDiffusion::guidance, RandomDiffusion::samplingStep);
    }

    /** Row numbers below {@value #ROWS}: one for all images, or one for each. */
    private static int row(Sketch s, int n) {
        return s.ids(Shape.features(s.chance(0.5) ? 1 : n, 1), ROWS);
    }

    private static void combine(Sketch s) {
        int first = s.any();
        Shape shape = s.shape(first);
        List<Integer> reads = new ArrayList<>(List.of(first));
        int inputs = s.one(List.of(1, 2, 3, 5));
        for (int i = 1; i < inputs; i++) {
            reads.add(s.like(shape));
        }
        int outputs = s.one(List.of(1, 1, 2, 3));
        reads.add(s.constant(new Shape(ROWS, 1, outputs, inputs), 0, 1 / Math.sqrt(inputs)));
        reads.add(row(s, shape.n()));
        s.ops("combine " + inputs + " to " + outputs, Kind.OP, reads, 0, (c, r) -> c.g.combine(r.get(inputs), r.get(inputs + 1), r.subList(0, inputs)));
    }

    private static void lookup(Sketch s) {
        int n = s.one(List.of(1, 2, 3));
        int table = s.constant(new Shape(ROWS, 1, 2, 3), 0, 1);
        int column = s.random.nextInt(6);
        s.op("lookup of column " + column, List.of(table, row(s, n)), (c, r) -> List.of(c.g.lookup(r.get(0), r.get(1), column, n)));
    }

    private static void draw(Sketch s) {
        Shape shape = s.anyShape();
        Random.Distribution d = s.one(List.of(Random.Distribution.values()));
        List<Integer> reads = new ArrayList<>(List.of(s.rng(), s.index(shape.n())));
        boolean step = s.chance(0.5);
        if (step) {
            reads.add(s.ids(Shape.SCALAR, ROWS));
        }
        int stream = s.one(List.of(Philox.NOISE, Philox.SAMPLING));
        s.op("draw " + d + " " + shape + ", stream " + stream + (step ? ", at a step" : ""), reads,
                (c, r) -> List.of(c.g.draw(d, r.get(0), r.get(1), step ? Optional.of(r.get(2)) : Optional.empty(), stream, shape)));
    }

    private static void drawTimestep(Sketch s) {
        int n = s.one(List.of(1, 2, 3));
        s.ops("drawTimestep below " + ROWS, Kind.OP, List.of(s.rng(), s.index(n)), ROWS, (c, r) -> List.of(c.g.drawTimestep(r.get(0), r.get(1), ROWS)));
    }

    private static void dropLabels(Sketch s) {
        List<Integer> known = s.integers(o -> o.shape().imageElements() == 1);
        int labels = known.isEmpty() ? s.ids(Shape.features(3, 1), ROWS) : s.one(known);
        int classes = s.output(labels).bound();
        s.ops("dropLabels to " + classes, Kind.OP, List.of(labels, s.rng(), s.index(s.shape(labels).n())), classes + 1,
                (c, r) -> List.of(c.g.dropLabels(r.get(0), r.get(1), r.get(2), 0.5f, classes)));
    }

    /** Numbered by its node, so that its mask does not depend on which other ops are recorded. */
    private static void dropout(Sketch s) {
        int x = s.any();
        Shape shape = s.shape(x);
        float p = s.one(List.of(0.1f, 0.5f));
        int id = s.nodes().size();
        s.op("dropout " + p, List.of(x, s.rng(), s.index(shape.n())), (c, r) -> {
            Value y = c.g.temporary("y", shape);
            return List.of(c.g.record(new Random.Dropout(r.get(0), r.get(1), r.get(2), p, id, y), y));
        });
    }

    /** Images as the host writes them, or gathered from a dataset. */
    private static int images(Sketch s, Shape shape) {
        if (s.chance(0.5)) {
            return s.images(shape);
        }
        int ids = s.ids(Shape.features(shape.n(), 1), ROWS);
        return s.ops("gatherImages", Kind.OP, List.of(s.images(shape.withN(ROWS)), ids), 0, (c, r) -> List.of(c.g.gatherImages(r.get(0), r.get(1))))
                .orElseThrow().getFirst();
    }

    private static Shape imageShape(Sketch s) {
        return new Shape(s.one(List.of(1, 2, 3)), s.one(List.of(2, 3, 4)), s.one(List.of(1, 3, 4)), s.one(List.of(1, 3)));
    }

    private static void pixels(Sketch s) {
        Shape shape = imageShape(s);
        boolean flip = s.chance(0.5);
        s.op("pixels" + (flip ? " with flips" : ""), List.of(images(s, shape), s.rng(), s.index(shape.n())),
                (c, r) -> List.of(c.g.pixels(r.get(0), r.get(1), r.get(2), flip)));
    }

    private static void noising(Sketch s) {
        Shape shape = imageShape(s);
        boolean flip = s.chance(0.5);
        List<Integer> reads = List.of(images(s, shape), s.constant(new Shape(ROWS, 1, 1, 8), 0, 1), s.rng(), s.index(shape.n()));
        s.ops("noising" + (flip ? " with flips" : ""), Kind.OP, reads, 0, (c, r) -> {
            Noised noised = c.g.noising(r.get(0), r.get(1), r.get(2), r.get(3), flip);
            return List.of(noised.xt(), noised.target(), noised.t(), noised.weight());
        });
    }

    private static void guidance(Sketch s) {
        List<Integer> even = s.floats(v -> s.shape(v).n() % 2 == 0);
        if (!even.isEmpty()) {
            s.op("guidance", List.of(s.one(even), s.like(Shape.SCALAR)), (c, r) -> List.of(c.g.guidance(r.get(0), r.get(1))));
        }
    }

    private static void samplingStep(Sketch s) {
        int out = s.any();
        Shape shape = s.shape(out);
        boolean history = s.chance(0.5);
        double[] coefficients = s.random.doubles(ROWS * 12L, 0.1, 1).map(c -> (float) c).toArray(); // a limit below 0 is no clamp
        List<Integer> reads = new ArrayList<>(List.of(out, s.constant(new Shape(ROWS, 1, 1, 12), coefficients), s.rng(), s.index(shape.n()), s.state(shape),
                s.cursor(s.random.nextInt(ROWS))));
        if (history) {
            reads.add(s.state(shape));
            reads.add(s.state(shape));
        }
        s.ops("samplingStep" + (history ? " with history" : ""), Kind.UPDATE, reads, 0, (c, r) -> {
            Optional<Value> h1 = history ? Optional.of(r.get(6)) : Optional.empty();
            Optional<Value> h2 = history ? Optional.of(r.get(7)) : Optional.empty();
            c.g.samplingStep(r.get(0), r.get(1), r.get(2), r.get(3), r.get(4), h1, h2, r.get(5));
            return r.subList(4, r.size());
        });
    }
}
