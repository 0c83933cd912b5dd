package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import sirocco.api.Value;

/**
 * Compares the reverse pass of a case, run by the reference in double precision, with central finite differences of its loss,
 * (L(p + h) − L(p − h)) / 2h.
 *
 * <p>With h = 1e-4 the formula's own error, h²/6 · L‴, is about 1e-9 of sizes that are about 1, and that of rounding, 2⁻⁵³ · L / h, about
 * 1e-12; so {@value #RELATIVE} of the largest gradient leaves room for steep norms, and no room for a wrong formula.
 */
public final class GradientCheck {
    private static final double RELATIVE = 1e-6;
    private static final double H = 1e-4;
    /** Work that a check may cost; of parameters with more elements than that allows, so many are drawn. */
    private static final double FLOPS = 5e7;

    private GradientCheck() { }

    /** Returns a line for each parameter whose gradient is off. */
    public static List<String> problems(OpCase c) {
        Value loss = c.loss().orElseThrow(() -> new IllegalArgumentException("gradient check of \"" + c + "\": the case has no loss"));
        try (ReferenceDevice device = new ReferenceDevice()) {
            ReferenceExecutable e = (ReferenceExecutable) device.load(device.plan(c.graph()));
            c.fill(e);
            e.run();
            List<double[]> gradients = c.gradients().values().stream().map(e::readExact).toList();
            double largest = gradients.stream().mapToDouble(GradientCheck::max).max().orElse(0);
            long samples = Math.max(3, (long) (FLOPS / (c.flops() + 10_000) / 2 / gradients.size()));
            List<String> problems = new ArrayList<>();
            int at = 0;
            for (Map.Entry<Value, Value> entry : c.gradients().entrySet()) {
                double[] gradient = gradients.get(at++);
                double allowed = RELATIVE * Math.max(max(gradient), OpCase.GROUP_SHARE * largest);
                SplittableRandom random = new SplittableRandom(at);
                for (int s = 0; s < Math.min(samples, gradient.length); s++) {
                    int i = gradient.length <= samples ? s : random.nextInt(gradient.length);
                    double difference = difference(e, loss, entry.getKey(), i);
                    if (!(Math.abs(difference - gradient[i]) <= allowed)) {
                        problems.add("%s: gradient %.9g at %s, but the loss's difference is %.9g (allowed %.3g apart)".formatted(entry.getKey(),
                                gradient[i], Tolerance.position(entry.getKey(), i), difference, allowed));
                        break;
                    }
                }
            }
            return problems;
        }
    }

    private static double difference(ReferenceExecutable e, Value loss, Value parameter, int i) {
        double[] p = e.readExact(parameter);
        double before = p[i];
        p[i] = before + H;
        double above = lossWith(e, loss, parameter, p);
        p[i] = before - H;
        double below = lossWith(e, loss, parameter, p);
        p[i] = before;
        e.writeExact(parameter, p);
        return (above - below) / (2 * H);
    }

    private static double lossWith(ReferenceExecutable e, Value loss, Value parameter, double[] p) {
        e.writeExact(parameter, p);
        e.run();
        return e.readExact(loss)[0];
    }

    private static double max(double[] x) {
        double max = 0;
        for (double v : x) {
            max = Math.max(max, Math.abs(v));
        }
        return max;
    }
}
