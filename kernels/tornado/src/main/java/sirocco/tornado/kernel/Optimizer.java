package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Op;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Adam with clipping and the moving average, over all parameters in one launch. */
final class Optimizer {
    /** Of a chunk in the table: places of p, g, m, v and ema, and the length. */
    private static final int ROW = 6;

    private Optimizer() { }

    static Kernel of(Op.AdamEma op) {
        return Kernel.of(p -> List.of(Launch.groups("adamEma", Chunks.table(p, new int[] {p.at(op.norm()), p.at(op.hyper())},
                List.of(op.parameters(), op.gradients(), op.m(), op.v(), op.ema())), Chunks.count(op.parameters()), 1, 1, Sums.GROUP,
                (g, id, c, m, at) -> g.task(id, Optimizer::adamEma, c, m, at))));
    }

    /**
     * Group x has a chunk of a tensor. Five numbers are read and five written for each parameter: 40 bytes.
     *
     * <p>at: norm, hyper = (lr, β₁, β₂, eps, weight decay, EMA decay, clip norm, 1 − β₁ᵗ, 1 − β₂ᵗ); then for each chunk p, g, m, v, ema and length
     */
    static void adamEma(KernelContext c, FloatArray memory, IntArray at) {
        int row = 2 + ROW * c.groupIdx;
        int n = at.get(row + 5);
        int hyper = at.get(1);
        float norm = memory.get(at.get(0));
        float lr = memory.get(hyper);
        float beta1 = memory.get(hyper + 1);
        float beta2 = memory.get(hyper + 2);
        float eps = memory.get(hyper + 3);
        float keep = 1 - lr * memory.get(hyper + 4);
        float emaDecay = memory.get(hyper + 5);
        float clipNorm = memory.get(hyper + 6);
        float clip = 1;
        if (clipNorm > 0) {
            clip = TornadoMath.min(1, clipNorm / (norm + 1e-6f));
        }
        float stepSize = lr / memory.get(hyper + 7);
        float correction2 = 1 / memory.get(hyper + 8);
        boolean finite = norm - norm == 0;
        for (int i = c.localIdx; i < n; i += Sums.GROUP) {
            if (finite) {
                float g = clip * memory.get(at.get(row + 1) + i);
                float m = beta1 * memory.get(at.get(row + 2) + i) + (1 - beta1) * g;
                float v = beta2 * memory.get(at.get(row + 3) + i) + (1 - beta2) * g * g;
                float p = memory.get(at.get(row) + i) * keep - stepSize * m / (TornadoMath.sqrt(v * correction2) + eps);
                memory.set(at.get(row + 2) + i, m);
                memory.set(at.get(row + 3) + i, v);
                memory.set(at.get(row) + i, p);
                memory.set(at.get(row + 4) + i, emaDecay * memory.get(at.get(row + 4) + i) + (1 - emaDecay) * p);
            }
            memory.set(at.get(row + 1) + i, 0);
        }
    }

    static Kernel of(Op.RecordStep op) {
        int rows = op.history().shape().n();
        return Kernel.of(p -> List.of(Launch.groups("recordStep", new int[] {p.at(op.loss()), p.at(op.norm()), p.at(op.rng()), p.at(op.history()),
                p.at(op.failed()), p.at(op.guard())}, 1, 1, 1, 1, (g, id, c, m, w, at) -> g.task(id, Optimizer::recordStep, c, m, w, at, rows))));
    }

    /** One work item. at: loss, norm, rng, history [rows, 2], failed, guard */
    static void recordStep(KernelContext c, FloatArray m, IntArray w, IntArray at, int rows) {
        if (c.globalIdx == 0) {
            float loss = m.get(at.get(0));
            float norm = m.get(at.get(1));
            int row = w.get(at.get(2) + 2) % rows;
            if (row < 0) {
                row = row + rows;
            }
            m.set(at.get(3) + 2 * row, loss);
            m.set(at.get(3) + 2 * row + 1, norm);
            int failed = w.get(at.get(4));
            float zero = (loss - loss) + (norm - norm); // NaN where one is not finite
            if (!(zero == 0)) {
                failed = 1;
                w.set(at.get(4), 1);
            }
            float guard = norm;
            if (failed != 0) {
                guard = zero / zero;
            }
            m.set(at.get(5), guard);
        }
    }
}
