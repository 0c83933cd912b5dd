package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
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
    private final double eps;
    private final boolean silu;
    private final Grouping grouping;
    /** Of a worker, or of all workers together if split; per plane held: means of the 16 channels, then sums of squared deviations from them. */
    private final double[][] moments;
    /** Likewise: factors of the 16 channels, then summands. */
    private final float[][] affine;
    private final float[][] sums;
    private final BlockedOperand x;
    private final BlockedOperand y;
    private Phase phase;
    private float[] gamma;
    private float[] beta;
    private float[] stats;
    private int offsetGamma;
    private int offsetBeta;
    private int offsetStats;

    /**
     * @param x any layout; plain values pass through blocked copies in scratch memory
     * @param groups a divisor of the channels
     * @param eps added to the variance
     * @param silu whether SiLU follows
     */
    public GroupNorm(Layout x, Layout y, int groups, double eps, boolean silu, Workers workers) {
        Shapes.same(x, y);
        this.workers = workers;
        this.eps = eps;
        this.silu = silu;
        this.x = BlockedOperand.read(x, workers);
        this.y = BlockedOperand.written(y, workers);
        grouping = new Grouping(this.x.layout, groups, workers.threads());
        moments = grouping.perWorker(workers.threads(), double[][]::new, () -> new double[grouping.heldPlanes * 2 * BLOCK]);
        affine = grouping.perWorker(workers.threads(), float[][]::new, () -> new float[grouping.heldPlanes * 2 * BLOCK]);
        sums = new float[workers.threads()][PlaneSums.SCRATCH];
    }

    /** Floats of scratch memory that {@link #run} needs. */
    public long scratchFloats() {
        return x.scratchFloats() + y.scratchFloats();
    }

    /**
     * @param gamma c factors, dense
     * @param beta c summands, dense
     * @param y must not overlap x, unless it is x in the same layout
     * @param stats [n][groups][2] receives mean and 1 / sqrt(var + eps), dense
     * @param scratch {@link #scratchFloats} floats; not looked at if that is none
     */
    public void run(float[] x, int offsetX, float[] gamma, int offsetGamma, float[] beta, int offsetBeta,
            float[] y, int offsetY, float[] stats, int offsetStats, float[] scratch, int offsetScratch) {
        this.y.place(y, offsetY, scratch, this.x.place(x, offsetX, scratch, offsetScratch));
        this.gamma = gamma;
        this.offsetGamma = offsetGamma;
        this.beta = beta;
        this.offsetBeta = offsetBeta;
        this.stats = stats;
        this.offsetStats = offsetStats;
        if (grouping.split) {
            pass(Phase.MOMENTS, grouping.items());
            pass(Phase.STATISTICS, grouping.images);
            pass(Phase.APPLY, grouping.items());
        } else {
            pass(Phase.WHOLE, grouping.items());
        }
        this.y.writeBack();
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
                statistics(item, unit, worker);
            }
            return;
        }
        for (int part = item * g.perItem; part < Math.min(g.parts(), (item + 1) * g.perItem); part++) {
            if (phase == Phase.WHOLE) {
                whole(part / g.units, part % g.units, worker);
            } else if (phase == Phase.MOMENTS) {
                moments(part / g.blocks, part % g.blocks, worker);
            } else {
                apply(part / g.blocks, part % g.blocks, worker);
            }
        }
    }

    private void whole(int image, int unit, int worker) {
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            moments(image, block, worker);
        }
        statistics(image, unit, worker);
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            apply(image, block, worker);
        }
    }

    private void moments(int image, int block, int worker) {
        PlaneSums.moments(x.array, x.origin(image, block), x.layout, moments[worker], grouping.held(image, block) * 2 * BLOCK, sums[worker]);
    }

    /** From the moments of channels to those of groups, and to each channel's factor and summand. */
    private void statistics(int image, int unit, int worker) {
        Grouping g = grouping;
        double[] moments = this.moments[worker];
        float[] affine = this.affine[worker];
        for (int group = g.firstGroup(unit); group < g.endGroup(unit); group++) {
            int from = group * g.perGroup;
            double mean = 0;
            for (int c = from; c < from + g.perGroup; c++) {
                mean += moments[g.held(image, c / BLOCK) * 2 * BLOCK + c % BLOCK];
            }
            mean /= g.perGroup;
            double squares = 0;
            for (int c = from; c < from + g.perGroup; c++) {
                int m = g.held(image, c / BLOCK) * 2 * BLOCK + c % BLOCK;
                double apart = moments[m] - mean;
                squares += moments[m + BLOCK] + g.pixels * (apart * apart);
            }
            double rstd = 1 / Math.sqrt(squares / ((double) g.pixels * g.perGroup) + eps);
            int s = offsetStats + (image * g.groups + group) * 2;
            stats[s] = (float) mean;
            stats[s + 1] = (float) rstd;
            for (int c = from; c < from + g.perGroup; c++) {
                int m = g.held(image, c / BLOCK) * 2 * BLOCK + c % BLOCK;
                double factor = gamma[offsetGamma + c] * rstd;
                affine[m] = (float) factor;
                affine[m + BLOCK] = (float) (beta[offsetBeta + c] - mean * factor);
            }
        }
        // Filled-up channels are to come out as 0.
        for (int c = g.channels; g.endBlock(unit) == g.blocks && c < g.blocks * BLOCK; c++) {
            int m = g.held(image, c / BLOCK) * 2 * BLOCK + c % BLOCK;
            affine[m] = 0;
            affine[m + BLOCK] = 0;
        }
    }

    private void apply(int image, int block, int worker) {
        Halo.clear(y.array, y.offset, y.layout, image, block);
        boolean dense = x.layout.halo() == 0 && y.layout.halo() == 0;
        int rows = dense ? 1 : x.layout.h();
        int width = dense ? grouping.pixels : x.layout.w();
        int from = x.origin(image, block);
        int to = y.origin(image, block);
        int coefficients = grouping.held(image, block) * 2 * BLOCK;
        if (silu) {
            ForwardPasses.affineSilu(x.array, from, x.layout.row(), y.array, to, y.layout.row(), rows, width, affine[worker], coefficients);
        } else {
            ForwardPasses.affine(x.array, from, x.layout.row(), y.array, to, y.layout.row(), rows, width, affine[worker], coefficients);
        }
    }
}
