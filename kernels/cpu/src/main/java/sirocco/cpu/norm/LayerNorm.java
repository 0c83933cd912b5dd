package sirocco.cpu.norm;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.LaneSums;

/**
 * Layer normalization of dense rows of channels (Ba et al. 2016): x̂ = (x − mean)/√(variance + eps), or without the mean by the root mean square (Zhang and
 * Sennrich 2019); y = x̂ (· gamma) (+ beta). A row is read three times and stays in the first-level cache meanwhile; sums are added up in double from float32
 * vectors.
 */
public final class LayerNorm implements Workers.Task {
    /** Floats of an item. */
    private static final int ITEM = 16384;
    /** Floats whose sum is added up by vectors. */
    private static final int PIECE = 4096;

    private final int rows;
    private final int c;
    private final float eps;
    private final boolean rms;
    private final int perItem;
    private final float[][] lanes;
    private final Workers workers;
    private Slice x;
    private Slice gamma;
    private Slice beta;
    private Slice y;
    private Slice stats;

    /** @param rms divides by the root mean square and subtracts no mean */
    public LayerNorm(int rows, int c, float eps, boolean rms, Workers workers) {
        this.rows = rows;
        this.c = c;
        this.eps = eps;
        this.rms = rms;
        this.workers = workers;
        perItem = Math.max(1, ITEM / c);
        lanes = new float[workers.threads()][LaneSums.SCRATCH];
    }

    /**
     * @param gamma, beta [c], null if absent
     * @param stats [rows][2], receives (mean, or 0; 1/√(…)) of each row
     */
    public void run(Slice x, Slice gamma, Slice beta, Slice y, Slice stats) {
        this.x = x;
        this.gamma = gamma;
        this.beta = beta;
        this.y = y;
        this.stats = stats;
        workers.run((rows + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            int i = x.offset() + row * c;
            float mean = rms ? 0 : (float) (sum(i, lanes[worker]) / c);
            float rstd = (float) (1 / Math.sqrt(squares(i, mean, lanes[worker]) / c + eps));
            stats.array()[stats.offset() + 2 * row] = mean;
            stats.array()[stats.offset() + 2 * row + 1] = rstd;
            normalize(i, y.offset() + row * c, mean, rstd);
        }
    }

    private double sum(int i, float[] scratch) {
        double sum = 0;
        for (int e = 0; e < c; e += PIECE) {
            sum += LaneSums.sum(x.array(), i + e, Math.min(PIECE, c - e), scratch);
        }
        return sum;
    }

    private double squares(int i, float mean, float[] scratch) {
        double sum = 0;
        for (int e = 0; e < c; e += PIECE) {
            sum += LaneSums.squaredDeviations(x.array(), i + e, Math.min(PIECE, c - e), mean, scratch);
        }
        return sum;
    }

    private void normalize(int i, int j, float mean, float rstd) {
        if (gamma == null) {
            plain(x.array(), i, mean, rstd, y.array(), j, c);
        } else if (beta == null) {
            scaled(x.array(), i, mean, rstd, gamma.array(), gamma.offset(), y.array(), j, c);
        } else {
            affine(x.array(), i, mean, rstd, gamma.array(), gamma.offset(), beta.array(), beta.offset(), y.array(), j, c);
        }
        if (gamma == null && beta != null) {
            add(beta.array(), beta.offset(), y.array(), j, c);
        }
    }

    private static void plain(float[] x, int i, float mean, float rstd, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, i + e).sub(mean).mul(rstd).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (x[i + e] - mean) * rstd;
        }
    }

    private static void scaled(float[] x, int i, float mean, float rstd, float[] gamma, int g, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, i + e).sub(mean).mul(rstd).mul(FloatVector.fromArray(F, gamma, g + e)).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = (x[i + e] - mean) * rstd * gamma[g + e];
        }
    }

    private static void affine(float[] x, int i, float mean, float rstd, float[] gamma, int g, float[] beta, int b, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, i + e).sub(mean).mul(rstd).fma(FloatVector.fromArray(F, gamma, g + e), FloatVector.fromArray(F, beta, b + e))
                    .intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] = Math.fma((x[i + e] - mean) * rstd, gamma[g + e], beta[b + e]);
        }
    }

    /** y ← y + x. */
    static void add(float[] x, int i, float[] y, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, y, j + e).add(FloatVector.fromArray(F, x, i + e)).intoArray(y, j + e);
        }
        for (int e = whole; e < n; e++) {
            y[j + e] += x[i + e];
        }
    }
}
