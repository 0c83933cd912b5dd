package sirocco.cpu.norm;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * Gradients of {@link LayerNorm}, with dx̂ = dy · gamma: dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(…), without mean(dx̂) by the root mean
 * square; dGamma
 * += Σ dy · x̂ and dBeta += Σ dy over rows. Rows are cut into parts by their number alone; a part adds up its rows' gradients of gamma and beta in order, and
 * the parts are added in order, so results do not depend on the number of threads.
 */
public final class LayerNormBackward {
    /** Rows of a part at least. */
    private static final int PART = 16;
    private static final int MOST_PARTS = 64;
    /** Channels of an item that adds up parts. */
    private static final int COLUMNS = 1024;

    private final int rows;
    private final int c;
    private final boolean rms;
    private final int parts;
    private final float[][] lanes;
    /** What gamma is if absent. */
    private final float[] ones;
    private final Workers workers;
    private final Workers.Task part = this::part;
    private final Workers.Task addParts = this::addParts;
    private Slice x;
    private Slice stats;
    private Slice gamma;
    private Slice dy;
    private Slice dx;
    private Slice dGamma;
    private Slice dBeta;
    private Slice sums;

    public LayerNormBackward(int rows, int c, boolean rms, Workers workers) {
        this.rows = rows;
        this.c = c;
        this.rms = rms;
        this.workers = workers;
        parts = Math.clamp(rows / PART, 1, MOST_PARTS);
        lanes = new float[workers.threads()][2 * Layout.BLOCK];
        ones = new float[c];
        Arrays.fill(ones, 1f);
    }

    /** Floats of working memory for {@link #run}: each part's sums for dGamma and dBeta. */
    public long scratchFloats() {
        return 2L * parts * c;
    }

    /**
     * @param gamma [c], null if absent
     * @param dGamma, dBeta [c], added to; null if absent
     */
    public void run(Slice x, Slice stats, Slice gamma, Slice dy, Slice dx, Slice dGamma, Slice dBeta, Slice scratch) {
        this.x = x;
        this.stats = stats;
        this.gamma = gamma;
        this.dy = dy;
        this.dx = dx;
        this.dGamma = dGamma;
        this.dBeta = dBeta;
        sums = scratch;
        workers.run(parts, part);
        if (dGamma != null || dBeta != null) {
            workers.run((c + COLUMNS - 1) / COLUMNS, addParts);
        }
    }

    private void part(int number, int worker) {
        int first = (int) ((long) rows * number / parts);
        int end = (int) ((long) rows * (number + 1) / parts);
        int ofGamma = sums.offset() + 2 * number * c;
        Arrays.fill(sums.array(), ofGamma, ofGamma + 2 * c, 0f);
        for (int row = first; row < end; row++) {
            int i = x.offset() + row * c;
            int j = dy.offset() + row * c;
            int k = dx.offset() + row * c;
            float mean = stats.array()[stats.offset() + 2 * row];
            float rstd = stats.array()[stats.offset() + 2 * row + 1];
            float[] scratch = lanes[worker];
            int from = gamma == null ? 0 : gamma.offset();
            float[] factors = gamma == null ? ones : gamma.array();
            int whole = F.loopBound(c);
            moments(x.array(), i, mean, rstd, dy.array(), j, factors, from, sums.array(), ofGamma, whole, c, scratch);
            double sum = 0;
            double product = 0;
            for (int lane = 0; lane < LANES; lane++) {
                sum += scratch[lane];
                product += scratch[Layout.BLOCK + lane];
            }
            for (int e = whole; e < c; e++) {
                float hat = (x.array()[i + e] - mean) * rstd;
                float v = dy.array()[j + e];
                sums.array()[ofGamma + e] = Math.fma(hat, v, sums.array()[ofGamma + e]);
                sums.array()[ofGamma + c + e] += v;
                sum += v * factors[from + e];
                product += v * factors[from + e] * hat;
            }
            finish(x.array(), i, mean, rstd, dy.array(), j, factors, from, rms ? 0f : (float) (sum / c), (float) (product / c), dx.array(), k, c);
        }
    }

    /**
     * Adds dy · x̂ and dy of a row to the sums of a part, {@code n} floats apart. Leaves the lanes' sums of d = dy · gamma and of d · x̂ in {@code out}, from 0
     * and from 16 on. Of whole vectors only.
     */
    private static void moments(float[] x, int i, float mean, float rstd, float[] dy, int j, float[] gamma, int g, float[] sums, int s, int whole, int n,
            float[] out) {
        FloatVector sum = FloatVector.zero(F);
        FloatVector product = FloatVector.zero(F);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector hat = FloatVector.fromArray(F, x, i + e).sub(mean).mul(rstd);
            FloatVector v = FloatVector.fromArray(F, dy, j + e);
            FloatVector d = v.mul(FloatVector.fromArray(F, gamma, g + e));
            hat.fma(v, FloatVector.fromArray(F, sums, s + e)).intoArray(sums, s + e);
            v.add(FloatVector.fromArray(F, sums, s + n + e)).intoArray(sums, s + n + e);
            sum = sum.add(d);
            product = hat.fma(d, product);
        }
        sum.intoArray(out, 0);
        product.intoArray(out, Layout.BLOCK);
    }

    /** dx = (dy · gamma − shift − x̂ · slope) · rstd. */
    private static void finish(float[] x, int i, float mean, float rstd, float[] dy, int j, float[] gamma, int g, float shift, float slope, float[] dx, int k,
            int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector hat = FloatVector.fromArray(F, x, i + e).sub(mean).mul(rstd);
            FloatVector d = FloatVector.fromArray(F, dy, j + e).fma(FloatVector.fromArray(F, gamma, g + e), FloatVector.broadcast(F, -shift));
            hat.fma(FloatVector.broadcast(F, -slope), d).mul(rstd).intoArray(dx, k + e);
        }
        for (int e = whole; e < n; e++) {
            dx[k + e] = Math.fma((x[i + e] - mean) * rstd, -slope, Math.fma(dy[j + e], gamma[g + e], -shift)) * rstd;
        }
    }

    private void addParts(int item, int worker) {
        int first = item * COLUMNS;
        int n = Math.min(COLUMNS, c - first);
        for (int p = 1; p < parts; p++) {
            for (int which = 0; which < 2; which++) {
                LayerNorm.add(sums.array(), sums.offset() + (2 * p + which) * c + first, sums.array(), sums.offset() + which * c + first, n);
            }
        }
        if (dGamma != null) {
            LayerNorm.add(sums.array(), sums.offset() + first, dGamma.array(), dGamma.offset() + first, n);
        }
        if (dBeta != null) {
            LayerNorm.add(sums.array(), sums.offset() + c + first, dBeta.array(), dBeta.offset() + first, n);
        }
    }
}
