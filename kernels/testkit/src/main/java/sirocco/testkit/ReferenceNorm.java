package sirocco.testkit;

import java.util.Optional;
import sirocco.api.Op;

/** Group normalisation and SiLU. */
final class ReferenceNorm {
    private ReferenceNorm() { }

    /** {@link Op.GroupNorm} */
    static void forward(Tensor x, Tensor gamma, Tensor beta, int groups, float eps, boolean silu, Tensor y, Tensor stats) {
        int width = x.c() / groups;
        double count = (double) x.h() * x.w() * width;
        for (int n = 0; n < x.n(); n++) {
            for (int g = 0; g < groups; g++) {
                double mean = 0;
                for (int i = first(x, n); i < first(x, n + 1); i++) {
                    mean += group(x, i, width) == g ? x.get(i) / count : 0;
                }
                double variance = 0;
                for (int i = first(x, n); i < first(x, n + 1); i++) {
                    variance += group(x, i, width) == g ? (x.get(i) - mean) * (x.get(i) - mean) / count : 0;
                }
                stats.set(n, 0, 0, 2 * g, mean);
                stats.set(n, 0, 0, 2 * g + 1, 1 / Math.sqrt(variance + eps));
            }
        }
        for (int i = 0; i < x.size(); i++) {
            double z = normalised(x, stats, i, width) * gamma.get(i % x.c()) + beta.get(i % x.c());
            y.set(i, silu ? z * sigmoid(z) : z);
        }
    }

    /**
     * {@link Op.GroupNormBackward}. With x̂ = (x − mean)·rstd, z = γx̂ + β and dz the gradient at z: dγ = Σ dz·x̂, dβ = Σ dz, and, as mean
     * and variance depend on x too, dx = rstd · (γdz − mean(γdz) − x̂ · mean(γdz·x̂)), the means over the group.
     */
    static void backward(Tensor x, Tensor stats, Tensor gamma, Tensor beta, Tensor dy, Optional<Tensor> addend, int groups, boolean silu, Tensor dx,
                         Tensor dGamma, Tensor dBeta) {
        int width = x.c() / groups;
        double count = (double) x.h() * x.w() * width;
        double[] mean = new double[x.n() * groups];
        double[] meanTimesX = new double[x.n() * groups];
        for (int i = 0; i < x.size(); i++) {
            int c = i % x.c();
            int at = i / (x.h() * x.w() * x.c()) * groups + c / width;
            double normal = normalised(x, stats, i, width);
            double z = normal * gamma.get(c) + beta.get(c);
            double dz = dy.get(i) * (silu ? siluSlope(z) : 1);
            dGamma.add(c, dz * normal);
            dBeta.add(c, dz);
            mean[at] += gamma.get(c) * dz / count;
            meanTimesX[at] += gamma.get(c) * dz * normal / count;
        }
        for (int i = 0; i < x.size(); i++) {
            int c = i % x.c();
            int at = i / (x.h() * x.w() * x.c()) * groups + c / width;
            double normal = normalised(x, stats, i, width);
            double z = normal * gamma.get(c) + beta.get(c);
            double dz = dy.get(i) * (silu ? siluSlope(z) : 1);
            double d = stats.get(2 * at + 1) * (gamma.get(c) * dz - mean[at] - normal * meanTimesX[at]);
            dx.set(i, d + (addend.isPresent() ? addend.get().get(i) : 0));
        }
    }

    /** The flat index of image n's first element. */
    private static int first(Tensor x, int n) {
        return x.at(n, 0, 0, 0);
    }

    private static int group(Tensor x, int i, int width) {
        return i % x.c() / width;
    }

    /** x̂ of flat element i. */
    private static double normalised(Tensor x, Tensor stats, int i, int width) {
        int n = i / (x.h() * x.w() * x.c());
        int g = group(x, i, width);
        return (x.get(i) - stats.get(n, 0, 0, 2 * g)) * stats.get(n, 0, 0, 2 * g + 1);
    }

    /** {@link Op.Silu} */
    static void silu(Tensor x, Tensor y) {
        for (int i = 0; i < x.size(); i++) {
            y.set(i, x.get(i) * sigmoid(x.get(i)));
        }
    }

    /** {@link Op.SiluBackward} */
    static void siluBackward(Tensor x, Tensor dy, Tensor dx) {
        for (int i = 0; i < x.size(); i++) {
            dx.set(i, dy.get(i) * siluSlope(x.get(i)));
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double siluSlope(double x) {
        return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    }
}
