package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import sirocco.api.Optimizer;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Gradient norm, Adam with clipping, decay and the moving average, and averages of weights. */
final class OptimizerCases {
    /** A bias, a linear layer's and a convolution's weights, one element, more than a chunk of threads would take. */
    private static final List<Shape> PARAMETERS = List.of(Shape.vector(20), new Shape(17, 1, 1, 33), new Shape(16, 3, 3, 20), Shape.vector(1),
            new Shape(64, 3, 3, 96));

    private OptimizerCases() { }

    /** The first nine of {@link Optimizer.AdamEma}'s hyper, after step {@code step}. */
    private record Hyper(double lr, double weightDecay, double emaDecay, double clip, int step) {
        double at(int i) {
            return switch (i) {
                case 0 -> lr;
                case 1 -> 0.9;
                case 2 -> 0.999;
                case 3 -> 1e-8;
                case 4 -> weightDecay;
                case 5 -> emaDecay;
                case 6 -> clip;
                case 7 -> 1 - Math.pow(0.9, step);
                case 8 -> 1 - Math.pow(0.999, step);
                default -> 0;
            };
        }
    }

    static void addTo(List<OpCase> cases) {
        for (int count = 1; count <= PARAMETERS.size(); count++) {
            cases.add(norm(PARAMETERS.subList(0, count)));
        }
        cases.add(record("", 0.5, 2, 0, 4));
        cases.add(record(" of a loss that is no number", Double.NaN, 2, 0, 5));
        cases.add(record(" of an infinite norm", 0.5, Double.POSITIVE_INFINITY, 0, 6));
        cases.add(record(" after a bad one", 0.5, 2, 1, 7));
        cases.add(record(" beyond 2^31", 0.5, 2, 0, -2));
        cases.add(adam("", new Hyper(1e-3, 0, 0.999, 0, 100), PARAMETERS, 0));
        cases.add(adam(" first step", new Hyper(2e-4, 0, 0.9999, 0, 1), PARAMETERS, 0));
        cases.add(adam(" clipped", new Hyper(1e-3, 0, 0.99, 1, 10), PARAMETERS, 0));
        cases.add(adam(" clip above the norm", new Hyper(1e-3, 0, 0.99, 1e6, 10), PARAMETERS, 0));
        cases.add(adam(" negative clip", new Hyper(1e-3, 0, 0.99, -1, 10), PARAMETERS, 0));
        cases.add(adam(" decay", new Hyper(0.1, 0.1, 0, 0, 10), PARAMETERS, 0));
        cases.add(adam(" decay, clipped", new Hyper(1e-2, 0.01, 0.5, 0.5, 3), PARAMETERS.subList(0, 2), 0));
        cases.add(adam(" one element", new Hyper(1e-2, 0, 0.5, 1, 3), List.of(Shape.vector(1)), 0));
        cases.add(adam(" with a NaN", new Hyper(1e-2, 0, 0.5, 1, 3), PARAMETERS.subList(0, 3), Double.NaN));
        for (double decay : new double[] {0, 0.9999, 1}) {
            cases.add(average(decay, PARAMETERS));
        }
        cases.add(average(0.5, PARAMETERS.subList(0, 1)));
        cases.add(adam(" with an infinity", new Hyper(1e-2, 0, 0.5, 0, 3), PARAMETERS.subList(0, 3), Double.NEGATIVE_INFINITY));
    }

    private static OpCase norm(List<Shape> shapes) {
        return OpCase.of("GradientNorm of " + shapes, c -> {
            List<Value> gradients = new ArrayList<>();
            for (int i = 0; i < shapes.size(); i++) {
                gradients.add(c.state("grad." + i, shapes.get(i)));
            }
            Value norm = c.temporary("norm", Shape.vector(1));
            c.op(new Optimizer.GradientNorm(gradients, norm));
            c.result(norm, Tolerance.sum(shapes.stream().mapToLong(Shape::elements).sum(), 0));
        });
    }

    private static OpCase record(String what, double loss, double norm, int failed, int step) {
        return OpCase.of("RecordStep" + what, c -> {
            Value lossValue = c.input("loss", Shape.vector(1), (random, i) -> loss);
            Value normValue = c.input("norm", Shape.vector(1), (random, i) -> norm);
            Value history = c.state("history", new Shape(3, 1, 1, 2));
            Value failedValue = c.number("failed", failed);
            Value guard = c.g.in("record", () -> c.g.recordStep(lossValue, normValue, c.rng(1, step), history, failedValue));
            c.result(List.of(guard, history), Tolerance.EXACT);
            c.result(failedValue, Tolerance.EXACT);
        });
    }

    private static OpCase average(double decay, List<Shape> shapes) {
        return OpCase.of("Average of " + shapes.size() + ", decay " + decay, c -> {
            List<Value> sources = new ArrayList<>();
            List<Value> targets = new ArrayList<>();
            for (int i = 0; i < shapes.size(); i++) {
                sources.add(c.parameter("source." + i, shapes.get(i), CaseBuilder.normal(0, 1)));
                targets.add(c.parameter("target." + i, shapes.get(i), CaseBuilder.normal(0, 1)));
            }
            Value share = c.input("decay", Shape.SCALAR, (random, i) -> decay);
            c.op(new Optimizer.Average(share, sources, targets));
            c.result(targets, decay == 0 || decay == 1 ? Tolerance.EXACT : Tolerance.elementwise(1));
            c.result(sources, Tolerance.EXACT);
        });
    }

    /** @param poison put into one gradient unless 0: nothing may change but the gradients, which are zeroed */
    private static OpCase adam(String what, Hyper h, List<Shape> shapes, double poison) {
        return OpCase.of("AdamEma" + what, c -> {
            List<Value> p = new ArrayList<>();
            List<Value> g = new ArrayList<>();
            List<Value> m = new ArrayList<>();
            List<Value> v = new ArrayList<>();
            List<Value> ema = new ArrayList<>();
            for (int i = 0; i < shapes.size(); i++) {
                int last = (int) shapes.get(i).elements() - 1;
                boolean poisoned = i == 0 && poison != 0;
                p.add(c.parameter("p" + i, shapes.get(i), CaseBuilder.normal(0, 1)));
                // Every fifth gradient is zero.
                g.add(c.state("grad.p" + i, shapes.get(i), (random, j) -> poisoned && j == last ? poison : j % 5 == 4 ? 0 : random.nextGaussian()));
                m.add(c.state("m" + i, shapes.get(i), CaseBuilder.normal(0, 0.1)));
                v.add(c.state("v" + i, shapes.get(i), (random, j) -> Math.pow(random.nextGaussian(), 2)));
                ema.add(c.state("ema" + i, shapes.get(i)));
            }
            Value hyper = c.input("hyper", Shape.vector(16), (random, i) -> h.at(i));
            Value norm = c.temporary("norm", Shape.vector(1));
            c.op(new Optimizer.GradientNorm(g, norm));
            c.op(new Optimizer.AdamEma(norm, hyper, p, g, m, v, ema));
            Tolerance t = poison != 0 ? Tolerance.EXACT : Tolerance.elementwise(1);
            c.result(p, t);
            c.result(m, t);
            c.result(v, t);
            c.result(ema, t);
            c.result(g, Tolerance.EXACT);
        });
    }
}
