package sirocco.testkit;

import java.util.List;
import sirocco.api.Optimizer;

/** Gradient norm, Adam(W) and the moving average of weights. */
final class ReferenceOptimizer {
    private ReferenceOptimizer() { }

    /** {@link Optimizer.GradientNorm} */
    static void gradientNorm(List<Tensor> gradients, Tensor norm) {
        double squares = 0;
        for (Tensor g : gradients) {
            for (int i = 0; i < g.size(); i++) {
                squares += g.get(i) * g.get(i);
            }
        }
        norm.set(0, Math.sqrt(squares));
    }

    /** {@link Optimizer.RecordStep} */
    static void recordStep(Tensor loss, Tensor norm, Tensor rng, Tensor history, Tensor failed, Tensor guard) {
        int row = Math.floorMod(rng.integer(2), history.n());
        history.set(row, 0, 0, 0, loss.get(0));
        history.set(row, 0, 0, 1, norm.get(0));
        if (!Double.isFinite(loss.get(0)) || !Double.isFinite(norm.get(0))) {
            failed.set(0, 1);
        }
        guard.set(0, failed.integer(0) == 0 ? norm.get(0) : Double.NaN);
    }

    /** {@link Optimizer.AdamEma} */
    static void adamEma(Tensor norm, Tensor hyper, List<Tensor> parameters, List<Tensor> gradients, List<Tensor> ms, List<Tensor> vs,
                        List<Tensor> emas) {
        double lr = hyper.get(0);
        double beta1 = hyper.get(1);
        double beta2 = hyper.get(2);
        double eps = hyper.get(3);
        double weightDecay = hyper.get(4);
        double emaDecay = hyper.get(5);
        double clipNorm = hyper.get(6);
        double correction1 = hyper.get(7);
        double correction2 = hyper.get(8);
        // Where float32 arithmetic of a backend would overflow, so does the reference.
        if (Float.isFinite((float) norm.get(0))) {
            double clip = clipNorm > 0 ? Math.min(1, clipNorm / (norm.get(0) + 1e-6)) : 1;
            for (int tensor = 0; tensor < parameters.size(); tensor++) {
                Tensor p = parameters.get(tensor);
                Tensor m = ms.get(tensor);
                Tensor v = vs.get(tensor);
                Tensor ema = emas.get(tensor);
                for (int i = 0; i < p.size(); i++) {
                    double g = clip * gradients.get(tensor).get(i);
                    m.set(i, beta1 * m.get(i) + (1 - beta1) * g);
                    v.set(i, beta2 * v.get(i) + (1 - beta2) * g * g);
                    double mHat = m.get(i) / correction1;
                    double vHat = v.get(i) / correction2;
                    p.set(i, p.get(i) * (1 - lr * weightDecay) - lr * mHat / (Math.sqrt(vHat) + eps));
                    ema.set(i, emaDecay * ema.get(i) + (1 - emaDecay) * p.get(i));
                }
            }
        }
        for (Tensor g : gradients) {
            g.fill(0);
        }
    }

    /** {@link Optimizer.Average} */
    static void average(Tensor decay, List<Tensor> sources, List<Tensor> targets) {
        double kept = decay.get(0);
        for (int tensor = 0; tensor < targets.size(); tensor++) {
            Tensor source = sources.get(tensor);
            Tensor target = targets.get(tensor);
            for (int i = 0; i < target.size(); i++) {
                target.set(i, kept * target.get(i) + (1 - kept) * source.get(i));
            }
        }
    }
}
