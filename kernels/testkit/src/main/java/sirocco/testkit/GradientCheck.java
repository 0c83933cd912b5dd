package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import sirocco.api.Value;

/**
 * Compares the reverse pass of a case, run by the reference in double precision, with central finite differences of fourth order of its loss,
 * (8 (L(p + h) − L(p − h)) − (L(p + 2h) − L(p − 2h))) / 12h.
 *
 * <p>With h = 1e-4 the formula's own error, h⁴/30 · L⁽⁵⁾, is about 1e-17 of sizes that are about 1, and that of rounding, a few 2⁻⁵³ · L / h, about
 * 1e-12, which is allowed where the gradient is zero; so {@value #RELATIVE} of the largest gradient leaves room for slopes that change over a distance of 1e-2, and no room for a wrong formula.
 */
public final class GradientCheck {
    private static final double RELATIVE = 1e-6;
    private static final double H = 1e-4;
    private static final int[] STEPS = {1, -1, 2, -2};
    /** Work that a check may cost; of parameters with more elements than that allows, so many are drawn. */
    private static final double FLOPS = 5e7;

    private GradientCheck() { }

    /** Returns a line for each persistent value whose gradient is off. */
    public static List<String> problems(OpCase c) {
        return problems(c, Math.max(3, (long) (FLOPS / (c.flops() + 10_000) / 4 / c.gradients().size())));
    }

    /**
     * The same, by so many elements of each value.
     *
     * @param samples elements that are drawn; all if a value has no more
     */
    static List<String> problems(OpCase c, long samples) {
        Value loss = c.loss().orElseThrow(() -> new IllegalArgumentException("gradient check of \"" + c + "\": the case has no loss"));
        try (ReferenceDevice device = new ReferenceDevice()) {
            ReferenceExecutable e = (ReferenceExecutable) device.load(device.plan(c.graph()));
            c.fill(e);
            e.run();
            List<double[]> gradients = c.gradients().values().stream().map(e::readExact).toList();
            double rounding = 4 * Math.ulp(e.readExact(loss)[0]) / H;
            double largest = gradients.stream().mapToDouble(GradientCheck::max).max().orElse(0);
            List<String> problems = new ArrayList<>();
            int at = 0;
            for (Map.Entry<Value, Value> entry : c.gradients().entrySet()) {
                double[] gradient = gradients.get(at++);
                if (!entry.getKey().persistent()) {
                    continue; // the host cannot change it
                }
                double allowed = Math.max(RELATIVE * Math.max(max(gradient), OpCase.GROUP_SHARE * largest), rounding);
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
        double[] at = new double[4];
        for (int k = 0; k < 4; k++) {
            p[i] = before + STEPS[k] * H;
            at[k] = lossWith(e, loss, parameter, p);
        }
        p[i] = before;
        e.writeExact(parameter, p);
        return (8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * H);
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
