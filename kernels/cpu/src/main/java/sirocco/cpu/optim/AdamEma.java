package sirocco.cpu.optim;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.cpu.Workers;

/**
 * Clipping, Adam with decoupled weight decay (Kingma and Ba, 2015; Loshchilov and Hutter, 2019), and the exponential moving average of the
 * weights, in one pass over dense regions; the gradient is zeroed for the next step. PyTorch's order of operations:
 *
 * <pre>  g' = g · min(1, clipNorm / (norm + 1e-6))
 *  p  ← p · (1 − lr · weightDecay)
 *  m  ← m + (1 − beta1) (g' − m)             v ← beta2 v + (1 − beta2) g'²
 *  p  ← p − (lr / biasCorrection1) · m / (sqrt(v) / sqrt(biasCorrection2) + eps)
 *  ema ← ema + (1 − emaDecay) (p − ema)      g ← 0</pre>
 *
 * If norm is not finite only g ← 0 is done: a step that would poison the weights is skipped.
 */
public final class AdamEma implements Workers.Task {
    /** Floats of the hyper-parameters: the nine below, the rest unused. */
    public static final int HYPER = 16;
    public static final int LR = 0;
    public static final int BETA_1 = 1;
    public static final int BETA_2 = 2;
    public static final int EPS = 3;
    /** Decoupled weight decay. */
    public static final int WEIGHT_DECAY = 4;
    public static final int EMA_DECAY = 5;
    /** Zero, negative or infinite for no clipping. */
    public static final int CLIP_NORM = 6;
    /** 1 − beta1^t, t counting from 1. */
    public static final int BIAS_CORRECTION_1 = 7;
    /** 1 − beta2^t. */
    public static final int BIAS_CORRECTION_2 = 8;

    private static final int ITEM = 16384;

    private final Workers workers;
    private final int count;
    private float[] p;
    private float[] g;
    private float[] m;
    private float[] v;
    private float[] ema;
    private int offsetP;
    private int offsetG;
    private int offsetM;
    private int offsetV;
    private int offsetEma;
    private boolean finite;
    private float clip;
    private float decay;
    private float share1;
    private float beta2;
    private float share2;
    private float step;
    private float rootCorrection2;
    private float eps;
    private float emaShare;

    /** @param count floats of each region */
    public AdamEma(int count, Workers workers) {
        this.workers = workers;
        this.count = count;
    }

    /**
     * @param hyper {@link #HYPER} floats at {@code offsetHyper}
     * @param norm the gradient's norm at {@code offsetNorm}
     */
    public void run(float[] p, int offsetP, float[] g, int offsetG, float[] m, int offsetM, float[] v, int offsetV,
            float[] ema, int offsetEma, float[] hyper, int offsetHyper, float[] norm, int offsetNorm) {
        this.p = p;
        this.g = g;
        this.m = m;
        this.v = v;
        this.ema = ema;
        this.offsetP = offsetP;
        this.offsetG = offsetG;
        this.offsetM = offsetM;
        this.offsetV = offsetV;
        this.offsetEma = offsetEma;
        float size = norm[offsetNorm];
        float clipNorm = hyper[offsetHyper + CLIP_NORM];
        float lr = hyper[offsetHyper + LR];
        finite = Float.isFinite(size);
        clip = clipNorm > 0 && clipNorm < Float.POSITIVE_INFINITY ? Math.min(1f, clipNorm / (size + 1e-6f)) : 1f;
        decay = 1 - lr * hyper[offsetHyper + WEIGHT_DECAY];
        share1 = 1 - hyper[offsetHyper + BETA_1];
        beta2 = hyper[offsetHyper + BETA_2];
        share2 = 1 - beta2;
        step = lr / hyper[offsetHyper + BIAS_CORRECTION_1];
        rootCorrection2 = (float) Math.sqrt(hyper[offsetHyper + BIAS_CORRECTION_2]);
        eps = hyper[offsetHyper + EPS];
        emaShare = 1 - hyper[offsetHyper + EMA_DECAY];
        workers.run(count / ITEM + (count % ITEM == 0 ? 0 : 1), this);
    }

    @Override
    public void run(int item, int worker) {
        int first = item * ITEM;
        int n = Math.min(ITEM, count - first);
        if (!finite) {
            Arrays.fill(g, offsetG + first, offsetG + first + n, 0f);
            return;
        }
        int whole = F.loopBound(n);
        adam(first, whole);
        if (whole < n) {
            rest(first + whole, n - whole);
        }
    }

    private void adam(int first, int n) {
        float[] p = this.p;
        float[] g = this.g;
        float[] m = this.m;
        float[] v = this.v;
        float[] ema = this.ema;
        for (int i = first; i < first + n; i += LANES) {
            FloatVector gradient = FloatVector.fromArray(F, g, offsetG + i).mul(clip);
            FloatVector first1 = FloatVector.fromArray(F, m, offsetM + i);
            first1 = gradient.sub(first1).fma(FloatVector.broadcast(F, share1), first1);
            FloatVector second = FloatVector.fromArray(F, v, offsetV + i).mul(beta2);
            second = gradient.mul(share2).fma(gradient, second);
            FloatVector denominator = second.lanewise(VectorOperators.SQRT).div(rootCorrection2).add(eps);
            FloatVector weight = FloatVector.fromArray(F, p, offsetP + i).mul(decay).sub(first1.div(denominator).mul(step));
            FloatVector average = FloatVector.fromArray(F, ema, offsetEma + i);
            first1.intoArray(m, offsetM + i);
            second.intoArray(v, offsetV + i);
            weight.intoArray(p, offsetP + i);
            weight.sub(average).fma(FloatVector.broadcast(F, emaShare), average).intoArray(ema, offsetEma + i);
            FloatVector.zero(F).intoArray(g, offsetG + i);
        }
    }

    /** The same, for what is left at the end of the region. */
    private void rest(int first, int n) {
        for (int i = first; i < first + n; i++) {
            float gradient = g[offsetG + i] * clip;
            float mean = m[offsetM + i];
            mean = Math.fma(gradient - mean, share1, mean);
            float square = Math.fma(gradient * share2, gradient, v[offsetV + i] * beta2);
            float denominator = (float) Math.sqrt(square) / rootCorrection2 + eps;
            float weight = p[offsetP + i] * decay - mean / denominator * step;
            float average = ema[offsetEma + i];
            m[offsetM + i] = mean;
            v[offsetV + i] = square;
            p[offsetP + i] = weight;
            ema[offsetEma + i] = Math.fma(weight - average, emaShare, average);
            g[offsetG + i] = 0f;
        }
    }
}
