package sirocco.diffusion;

import java.util.Arrays;
import sirocco.io.Safetensors;

/**
 * A mixture of normal distributions of images, for which the best denoiser is known.
 *
 * @param means one image after the other
 * @param deviations standard deviation of each, the same in all directions
 */
public record Mixture(double[] weights, double[] means, double[] deviations) {
    /** Returns the mixture of a golden file. */
    static Mixture of(Safetensors golden) {
        return new Mixture(golden.doubles("gmm.gmm_weights"), golden.doubles("gmm.gmm_means"), golden.doubles("gmm.gmm_stds"));
    }

    /** Returns E[x_0 | x] of images x = a·x_0 + s·ε, one after the other. */
    public double[] clean(double[] x, double a, double s) {
        int each = means.length / weights.length;
        double[] clean = new double[x.length];
        for (int image = 0; image < x.length / each; image++) {
            double[] logs = new double[weights.length];
            for (int k = 0; k < weights.length; k++) {
                double variance = a * a * deviations[k] * deviations[k] + s * s;
                double squares = 0;
                for (int e = 0; e < each; e++) {
                    squares += Math.pow(x[image * each + e] - a * means[k * each + e], 2);
                }
                logs[k] = Math.log(weights[k]) - squares / (2 * variance) - each / 2.0 * Math.log(variance);
            }
            double most = Arrays.stream(logs).max().orElseThrow();
            double sum = Arrays.stream(logs).map(l -> Math.exp(l - most)).sum();
            for (int k = 0; k < weights.length; k++) {
                double share = Math.exp(logs[k] - most) / sum;
                double shrink = a * deviations[k] * deviations[k] / (a * a * deviations[k] * deviations[k] + s * s);
                for (int e = 0; e < each; e++) {
                    int at = image * each + e;
                    clean[at] += share * (means[k * each + e] + shrink * (x[at] - a * means[k * each + e]));
                }
            }
        }
        return clean;
    }
}
