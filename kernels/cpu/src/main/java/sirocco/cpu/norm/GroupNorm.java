package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Convert;
import sirocco.cpu.pointwise.Halo;
import sirocco.cpu.pointwise.Shapes;

/**
 * Group normalisation (Wu and He, 2018), with SiLU if wanted: over the pixels and channels of a group of an image,
 * xHat = (x − mean) / sqrt(var + eps), z = gamma · xHat + beta, y = z or z · sigma(z).
 *
 * <p>A plane's sums are taken about a pivot, the mean of its first pixels, in float32 over some hundred pixels at a time and in double from
 * there on; so a mean that is large beside the deviation costs nothing that x itself has not lost already.
 */
public final class GroupNorm implements Workers.Task {
    private enum Phase { WHOLE, MOMENTS, STATISTICS, APPLY }

    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private final double eps;
    private final boolean silu;
    private final Grouping grouping;
    /** Per plane: means of the 16 channels, then sums of squared deviations from them. */
    private final double[] moments;
    /** Per plane: factors of the 16 channels, then summands. */
    private final float[] affine;
    private final float[][] scratch;
    private final Convert in;
    private final Convert back;
    private final float[] blockedX;
    private final float[] blockedY;
    private Phase phase;
    private float[] x;
    private float[] gamma;
    private float[] beta;
    private float[] y;
    private float[] stats;
    private int offsetX;
    private int offsetGamma;
    private int offsetBeta;
    private int offsetY;
    private int offsetStats;

    /**
     * @param x any layout; plain values pass through blocked copies that this object owns
     * @param groups a divisor of the channels
     * @param eps added to the variance
     * @param silu whether SiLU follows
     */
    public GroupNorm(Layout x, Layout y, int groups, double eps, boolean silu, Workers workers) {
        Shapes.same(x, y);
        this.workers = workers;
        this.eps = eps;
        this.silu = silu;
        layoutX = blocked(x);
        layoutY = blocked(y);
        in = x.blocked() ? null : new Convert(x, layoutX, workers);
        back = y.blocked() ? null : new Convert(layoutY, y, workers);
        blockedX = in == null ? null : new float[Math.toIntExact(layoutX.floats())];
        blockedY = back == null ? null : new float[Math.toIntExact(layoutY.floats())];
        grouping = new Grouping(layoutX, groups, workers.threads());
        moments = new double[x.n() * layoutX.blocks() * 2 * BLOCK];
        affine = new float[x.n() * layoutX.blocks() * 2 * BLOCK];
        scratch = new float[workers.threads()][PlaneSums.SCRATCH];
    }

    static Layout blocked(Layout layout) {
        return layout.blocked() ? layout : Layout.blocked(layout.n(), layout.h(), layout.w(), layout.c(), 0);
    }

    /**
     * @param gamma c factors, dense
     * @param beta c summands, dense
     * @param y must not overlap x, unless it is x in the same layout
     * @param stats [n][groups][2] receives mean and 1 / sqrt(var + eps), dense
     */
    public void run(float[] x, int offsetX, float[] gamma, int offsetGamma, float[] beta, int offsetBeta,
            float[] y, int offsetY, float[] stats, int offsetStats) {
        if (in != null) {
            in.run(x, offsetX, blockedX, 0);
        }
        this.x = in == null ? x : blockedX;
        this.offsetX = in == null ? offsetX : 0;
        this.gamma = gamma;
        this.offsetGamma = offsetGamma;
        this.beta = beta;
        this.offsetBeta = offsetBeta;
        this.y = back == null ? y : blockedY;
        this.offsetY = back == null ? offsetY : 0;
        this.stats = stats;
        this.offsetStats = offsetStats;
        if (grouping.split) {
            pass(Phase.MOMENTS, grouping.items());
            pass(Phase.STATISTICS, grouping.images);
            pass(Phase.APPLY, grouping.items());
        } else {
            pass(Phase.WHOLE, grouping.items());
        }
        if (back != null) {
            back.run(blockedY, 0, y, offsetY);
        }
    }

    private void pass(Phase next, int items) {
        phase = next;
        workers.run(items, this);
    }

    @Override
    public void run(int item, int worker) {
        Grouping g = grouping;
        if (phase == Phase.STATISTICS) {
            for (int unit = 0; unit < g.units; unit++) {
                statistics(item, unit);
            }
            return;
        }
        for (int part = item * g.perItem; part < Math.min(g.parts(), (item + 1) * g.perItem); part++) {
            if (phase == Phase.WHOLE) {
                whole(part / g.units, part % g.units, worker);
            } else if (phase == Phase.MOMENTS) {
                moments(part / g.blocks, part % g.blocks, worker);
            } else {
                apply(part / g.blocks, part % g.blocks);
            }
        }
    }

    private void whole(int image, int unit, int worker) {
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            moments(image, block, worker);
        }
        statistics(image, unit);
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            apply(image, block);
        }
    }

    private void moments(int image, int block, int worker) {
        PlaneSums.moments(x, offsetX + layoutX.origin(image, block), layoutX, moments, (image * grouping.blocks + block) * 2 * BLOCK,
                scratch[worker]);
    }

    /** From the moments of channels to those of groups, and to each channel's factor and summand. */
    private void statistics(int image, int unit) {
        Grouping g = grouping;
        int planes = image * g.blocks;
        for (int group = g.firstGroup(unit); group < g.endGroup(unit); group++) {
            int from = group * g.perGroup;
            double mean = 0;
            for (int c = from; c < from + g.perGroup; c++) {
                mean += moments[(planes + c / BLOCK) * 2 * BLOCK + c % BLOCK];
            }
            mean /= g.perGroup;
            double squares = 0;
            for (int c = from; c < from + g.perGroup; c++) {
                int m = (planes + c / BLOCK) * 2 * BLOCK + c % BLOCK;
                double apart = moments[m] - mean;
                squares += moments[m + BLOCK] + g.pixels * apart * apart;
            }
            double rstd = 1 / Math.sqrt(squares / ((double) g.pixels * g.perGroup) + eps);
            int s = offsetStats + (image * g.groups + group) * 2;
            stats[s] = (float) mean;
            stats[s + 1] = (float) rstd;
            for (int c = from; c < from + g.perGroup; c++) {
                int m = (planes + c / BLOCK) * 2 * BLOCK + c % BLOCK;
                double factor = gamma[offsetGamma + c] * rstd;
                affine[m] = (float) factor;
                affine[m + BLOCK] = (float) (beta[offsetBeta + c] - mean * factor);
            }
        }
    }

    /** Filled-up channels have factor and summand 0 and come out as 0. */
    private void apply(int image, int block) {
        Halo.clear(y, offsetY, layoutY, image, block);
        boolean dense = layoutX.halo() == 0 && layoutY.halo() == 0;
        int rows = dense ? 1 : layoutX.h();
        int width = dense ? grouping.pixels : layoutX.w();
        int from = offsetX + layoutX.origin(image, block);
        int to = offsetY + layoutY.origin(image, block);
        int coefficients = (image * grouping.blocks + block) * 2 * BLOCK;
        if (silu) {
            ForwardPasses.affineSilu(x, from, layoutX.row(), y, to, layoutY.row(), rows, width, affine, coefficients);
        } else {
            ForwardPasses.affine(x, from, layoutX.row(), y, to, layoutY.row(), rows, width, affine, coefficients);
        }
    }
}
