package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Optimizer;
import sirocco.gpu.Chunks;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Adam with clipping and the moving average, over all parameters in one launch, and averages by themselves; no local memory. */
final class OptimizerKernels {
    /** Of a chunk in the table: places of p, g, m, v and ema, and the length. */
    private static final int ROW = 6;

    /** In hyper: learning rate, Adam's β₁, β₂ and ε, weight decay, the average's decay, the norm to clip to, and 1 − β₁ᵗ, 1 − β₂ᵗ. */
    private static final int RATE = 0;
    private static final int BETA_1 = 1;
    private static final int BETA_2 = 2;
    private static final int EPS = 3;
    private static final int WEIGHT_DECAY = 4;
    private static final int EMA_DECAY = 5;
    private static final int CLIP_NORM = 6;
    private static final int CORRECTION_1 = 7;
    private static final int CORRECTION_2 = 8;

    /** A row of the history: loss, norm. */
    private static final int HISTORY_ROW = 2;

    private OptimizerKernels() { }

    static Kernel of(Optimizer.AdamEma op) {
        return Kernel.of(p -> List.of(Launch.groups("adamEma", Launch.chunks(p, new int[] {p.at(op.norm()), p.at(op.hyper())},
                List.of(op.parameters(), op.gradients(), op.m(), op.v(), op.ema())), Chunks.count(op.parameters()), 1, 1, Sums.GROUP,
                (g, id, c, m, at) -> g.task(id, OptimizerKernels::adamEma, c, m, at))));
    }

    /**
     * Group x has a chunk of a tensor, an item 32 parameters of it. Five numbers are read and five written for each: 40 bytes.
     *
     * <p>at: norm, hyper; then for each chunk p, g, m, v, ema and length
     */
    static void adamEma(KernelContext c, FloatArray memory, IntArray at) {
        int row = 2 + ROW * c.groupIdx;
        int atP = at.get(row);
        int atG = at.get(row + 1);
        int atM = at.get(row + 2);
        int atV = at.get(row + 3);
        int atEma = at.get(row + 4);
        int n = at.get(row + 5);
        int hyper = at.get(1);
        float norm = memory.get(at.get(0));
        float lr = memory.get(hyper + RATE);
        float beta1 = memory.get(hyper + BETA_1);
        float beta2 = memory.get(hyper + BETA_2);
        float eps = memory.get(hyper + EPS);
        float keep = 1 - lr * memory.get(hyper + WEIGHT_DECAY);
        float emaDecay = memory.get(hyper + EMA_DECAY);
        float clipNorm = memory.get(hyper + CLIP_NORM);
        float clip = 1;
        if (clipNorm > 0) {
            clip = TornadoMath.min(1, clipNorm / (norm + 1e-6f));
        }
        float stepSize = lr / memory.get(hyper + CORRECTION_1);
        float correction2 = 1 / memory.get(hyper + CORRECTION_2);
        boolean finite = norm - norm == 0;
        for (int i = c.localIdx; i < n; i += Sums.GROUP) {
            float g = memory.get(atG + i);
            float m = memory.get(atM + i);
            float v = memory.get(atV + i);
            float p = memory.get(atP + i);
            float ema = memory.get(atEma + i);
            if (finite) {
                g = clip * g;
                m = beta1 * m + (1 - beta1) * g;
                v = beta2 * v + (1 - beta2) * g * g;
                p = p * keep - stepSize * m / (TornadoMath.sqrt(v * correction2) + eps);
                memory.set(atM + i, m);
                memory.set(atV + i, v);
                memory.set(atP + i, p);
                memory.set(atEma + i, emaDecay * ema + (1 - emaDecay) * p);
            }
            memory.set(atG + i, 0);
        }
    }

    static Kernel of(Optimizer.Average op) {
        return Kernel.of(p -> List.of(Launch.groups("average", Launch.chunks(p, new int[] {p.at(op.decay())}, List.of(op.targets(), op.sources())),
                Chunks.count(op.targets()), 1, 1, Sums.GROUP, (g, id, c, m, at) -> g.task(id, OptimizerKernels::average, c, m, at))));
    }

    /** Group x has a chunk of a tensor, an item 32 elements of it: two reads and a write of each. at: decay; then for each chunk target, source, length */
    static void average(KernelContext c, FloatArray m, IntArray at) {
        int row = 1 + 3 * c.groupIdx;
        int target = at.get(row);
        int source = at.get(row + 1);
        int n = at.get(row + 2);
        float decay = m.get(at.get(0));
        for (int i = c.localIdx; i < n; i += Sums.GROUP) {
            m.set(target + i, decay * m.get(target + i) + (1 - decay) * m.get(source + i));
        }
    }

    static Kernel of(Optimizer.RecordStep op) {
        int rows = op.history().shape().n();
        return Kernel.of(p -> List.of(Launch.groups("recordStep", new int[] {p.at(op.loss()), p.at(op.norm()), p.at(op.rng()), p.at(op.history()),
                p.at(op.failed()), p.at(op.guard())}, 1, 1, 1, 1, (g, id, c, m, w, at) -> g.task(id, OptimizerKernels::recordStep, c, m, w, at, rows))));
    }

    /** One work item: reads four numbers, writes four. at: loss, norm, rng, history [rows, 2], failed, guard */
    static void recordStep(KernelContext c, FloatArray m, IntArray w, IntArray at, int rows) {
        if (c.globalIdx == 0) {
            float loss = m.get(at.get(0));
            float norm = m.get(at.get(1));
            int row = w.get(at.get(2) + Noise.STEP) % rows;
            if (row < 0) {
                row = row + rows;
            }
            m.set(at.get(3) + HISTORY_ROW * row, loss);
            m.set(at.get(3) + HISTORY_ROW * row + 1, norm);
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
