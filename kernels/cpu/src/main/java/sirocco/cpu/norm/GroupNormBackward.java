package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;

import java.util.Arrays;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Halo;
import sirocco.cpu.pointwise.Shapes;

/**
 * The gradient of {@link GroupNorm}. With dz = dy, or dy · silu'(z), and m the number of elements of a group,
 *
 * <pre>  dbeta_c  += sum dz          dgamma_c += sum dz · xHat          (over images and pixels)
 *  dx = rstd · (gamma dz − (1/m) sum gamma dz − xHat · (1/m) sum gamma dz xHat)  [+ addend]</pre>
 *
 * <p>The first pass leaves dz in dx, where the second finds it in the cache: the sigmoid is computed once.
 */
public final class GroupNormBackward implements Workers.Task {
    private enum Phase { WHOLE, SUMS, COMBINE, APPLY, PARAMETERS }

    /** Additions that make an item of the parameters' pass worth its while. */
    private static final int ADDITIONS = 8192;

    private final Workers workers;
    private final BlockedOperand x;
    private final BlockedOperand dy;
    /** Null where nothing is added. */
    private final BlockedOperand addend;
    private final BlockedOperand dx;
    private final boolean silu;
    private final Grouping grouping;
    /** Of a worker, or of all workers together if split; per plane held: sums of dz of the 16 channels, then of dz · (x − mean). */
    private final double[][] sums;
    /** Likewise, 16 each: what {@link GradientPasses} needs. */
    private final float[][] coefficients;
    private final float[][] parts;
    private final double[][] exact;
    private final int blocksPerItem;
    private Phase phase;
    private float[] stats;
    private float[] gamma;
    private float[] beta;
    private float[] dgamma;
    private float[] dbeta;
    private float[] scratch;
    private int offsetStats;
    private int offsetGamma;
    private int offsetBeta;
    private int offsetDgamma;
    private int offsetDbeta;
    private int offsetScratch;

    /**
     * @param addend layout of a value added to dx, or null for none
     * @param groups a divisor of the channels
     * @param silu whether SiLU followed
     */
    public GroupNormBackward(Layout x, Layout dy, Layout addend, Layout dx, int groups, boolean silu, Workers workers) {
        Shapes.same(x, dy);
        Shapes.same(x, dx);
        if (addend != null) {
            Shapes.same(x, addend);
        }
        this.workers = workers;
        this.silu = silu;
        this.x = BlockedOperand.read(x, workers);
        this.dy = BlockedOperand.read(dy, workers);
        this.addend = addend == null ? null : BlockedOperand.read(addend, workers);
        this.dx = BlockedOperand.written(dx, workers);
        grouping = new Grouping(this.x.layout, groups, workers.threads());
        sums = grouping.perWorker(workers.threads(), double[][]::new, () -> new double[grouping.heldPlanes * 2 * BLOCK]);
        coefficients = grouping.perWorker(workers.threads(), float[][]::new, () -> new float[grouping.heldPlanes * GradientPasses.COEFFICIENTS]);
        parts = new float[workers.threads()][2 * BLOCK];
        exact = new double[workers.threads()][2 * BLOCK];
        blocksPerItem = Math.max(1, ADDITIONS / 2 / BLOCK / x.n());
    }

    /** Floats of scratch memory that {@link #run} needs: every plane's share of the parameters' gradients, and blocked copies of plain values. */
    public long scratchFloats() {
        return planeSums() + x.scratchFloats() + dy.scratchFloats() + (addend == null ? 0 : addend.scratchFloats()) + dx.scratchFloats();
    }

    /** Two sums for each channel of each image. */
    private long planeSums() {
        return 2L * grouping.images * grouping.blocks * BLOCK;
    }

    /**
     * @param stats [n][groups][2], what the forward op wrote
     * @param addend null without one
     * @param dx written; must overlap neither x, dy nor addend
     * @param dgamma c floats, accumulated
     * @param dbeta c floats, accumulated
     * @param scratch {@link #scratchFloats} floats
     */
    public void run(float[] x, int offsetX, float[] stats, int offsetStats, float[] gamma, int offsetGamma, float[] beta, int offsetBeta,
            float[] dy, int offsetDy, float[] addend, int offsetAddend, float[] dx, int offsetDx,
            float[] dgamma, int offsetDgamma, float[] dbeta, int offsetDbeta, float[] scratch, int offsetScratch) {
        int free = offsetScratch + (int) planeSums();
        free = this.x.place(x, offsetX, scratch, free);
        free = this.dy.place(dy, offsetDy, scratch, free);
        free = this.addend == null ? free : this.addend.place(addend, offsetAddend, scratch, free);
        this.dx.place(dx, offsetDx, scratch, free);
        this.scratch = scratch;
        this.offsetScratch = offsetScratch;
        this.stats = stats;
        this.offsetStats = offsetStats;
        this.gamma = gamma;
        this.offsetGamma = offsetGamma;
        this.beta = beta;
        this.offsetBeta = offsetBeta;
        this.dgamma = dgamma;
        this.offsetDgamma = offsetDgamma;
        this.dbeta = dbeta;
        this.offsetDbeta = offsetDbeta;
        if (grouping.split) {
            pass(Phase.SUMS, grouping.items());
            pass(Phase.COMBINE, grouping.images);
            pass(Phase.APPLY, grouping.items());
        } else {
            pass(Phase.WHOLE, grouping.items());
        }
        pass(Phase.PARAMETERS, (grouping.blocks + blocksPerItem - 1) / blocksPerItem);
        this.dx.writeBack();
    }

    private void pass(Phase next, int items) {
        phase = next;
        workers.run(items, this);
    }

    @Override
    public void run(int item, int worker) {
        Grouping g = grouping;
        if (phase == Phase.PARAMETERS) {
            for (int block = item * blocksPerItem; block < Math.min(g.blocks, (item + 1) * blocksPerItem); block++) {
                parameters(block, exact[worker]);
            }
            return;
        }
        if (phase == Phase.COMBINE) {
            for (int unit = 0; unit < g.units; unit++) {
                combine(item, unit, worker);
            }
            return;
        }
        for (int part = item * g.perItem; part < Math.min(g.parts(), (item + 1) * g.perItem); part++) {
            if (phase == Phase.WHOLE) {
                whole(part / g.units, part % g.units, worker);
            } else if (phase == Phase.SUMS) {
                sums(part / g.blocks, part % g.blocks, worker);
            } else {
                apply(part / g.blocks, part % g.blocks, worker);
            }
        }
    }

    private void whole(int image, int unit, int worker) {
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            sums(image, block, worker);
        }
        combine(image, unit, worker);
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            apply(image, block, worker);
        }
    }

    /** The first pass over a plane. */
    private void sums(int image, int block, int worker) {
        Grouping g = grouping;
        double[] sums = this.sums[worker];
        float[] coefficients = this.coefficients[worker];
        int plane = g.held(image, block);
        int k = plane * GradientPasses.COEFFICIENTS;
        Arrays.fill(coefficients, k, k + GradientPasses.COEFFICIENTS, 0f);
        int first = block * BLOCK;
        int end = Math.min(g.channels, first + BLOCK);
        for (int c = first, group = first / g.perGroup; c < end; group++) {
            int s = offsetStats + (image * g.groups + group) * 2;
            for (int last = Math.min(end, (group + 1) * g.perGroup); c < last; c++) {
                int at = k + c - first;
                coefficients[at + GradientPasses.MEAN] = stats[s];
                coefficients[at + GradientPasses.FACTOR] = gamma[offsetGamma + c] * stats[s + 1];
                coefficients[at + GradientPasses.SUMMAND] = beta[offsetBeta + c];
            }
        }
        if (silu) {
            Halo.clear(dx.array, dx.offset, dx.layout, image, block);
        }
        int from = x.origin(image, block);
        int fromDy = dy.origin(image, block);
        int to = dx.origin(image, block);
        boolean dense = dense();
        int width = dense ? g.pixels : x.layout.w();
        int rows = dense ? 1 : x.layout.h();
        int some = Math.max(1, PlaneSums.PIXELS / width);
        Arrays.fill(sums, plane * 2 * BLOCK, (plane + 1) * 2 * BLOCK, 0);
        float[] part = parts[worker];
        for (int row = 0; row < rows; row += some) {
            for (int p = 0; p < width; p += PlaneSums.PIXELS) {
                int i = from + row * x.layout.row() + p * BLOCK;
                int j = fromDy + row * dy.layout.row() + p * BLOCK;
                int height = Math.min(some, rows - row);
                int pixels = Math.min(PlaneSums.PIXELS, width - p);
                if (silu) {
                    int o = to + row * dx.layout.row() + p * BLOCK;
                    GradientPasses.siluSums(x.array, i, x.layout.row(), dy.array, j, dy.layout.row(), dx.array, o, dx.layout.row(), height, pixels,
                            coefficients, k, part);
                } else {
                    GradientPasses.sums(x.array, i, x.layout.row(), dy.array, j, dy.layout.row(), height, pixels, coefficients, k, part);
                }
                for (int c = 0; c < 2 * BLOCK; c++) {
                    sums[plane * 2 * BLOCK + c] += part[c];
                }
            }
        }
    }

    /** From the sums of channels to those of groups, and to the factors of the second pass. */
    private void combine(int image, int unit, int worker) {
        Grouping g = grouping;
        double[] sums = this.sums[worker];
        float[] coefficients = this.coefficients[worker];
        for (int group = g.firstGroup(unit); group < g.endGroup(unit); group++) {
            int from = group * g.perGroup;
            double rstd = stats[offsetStats + (image * g.groups + group) * 2 + 1];
            double first = 0;
            double second = 0;
            for (int c = from; c < from + g.perGroup; c++) {
                int s = g.held(image, c / BLOCK) * 2 * BLOCK + c % BLOCK;
                double dBeta = sums[s];
                double dGamma = rstd * sums[s + BLOCK];
                first += gamma[offsetGamma + c] * dBeta;
                second += gamma[offsetGamma + c] * dGamma;
                int share = offsetScratch + (image * g.blocks + c / BLOCK) * 2 * BLOCK + c % BLOCK;
                scratch[share] = (float) dBeta;
                scratch[share + BLOCK] = (float) dGamma;
            }
            double m = (double) g.pixels * g.perGroup;
            float slope = (float) (-rstd * rstd * second / m);
            float constant = (float) (-rstd * first / m);
            for (int c = from; c < from + g.perGroup; c++) {
                int k = g.held(image, c / BLOCK) * GradientPasses.COEFFICIENTS + c % BLOCK;
                coefficients[k + GradientPasses.SLOPE] = slope;
                coefficients[k + GradientPasses.CONSTANT] = constant;
            }
        }
    }

    /** The second pass over a plane. */
    private void apply(int image, int block, int worker) {
        float[] coefficients = this.coefficients[worker];
        int k = grouping.held(image, block) * GradientPasses.COEFFICIENTS;
        if (!silu) {
            Halo.clear(dx.array, dx.offset, dx.layout, image, block);
        }
        BlockedOperand dz = silu ? dx : dy;
        int from = x.origin(image, block);
        int fromDz = dz.origin(image, block);
        int fromAddend = addend == null ? 0 : addend.origin(image, block);
        int to = dx.origin(image, block);
        boolean dense = dense();
        int width = dense ? grouping.pixels : x.layout.w();
        int rows = dense ? 1 : x.layout.h();
        for (int row = 0; row < rows; row++) {
            int i = from + row * x.layout.row();
            int j = fromDz + row * dz.layout.row();
            int o = to + row * dx.layout.row();
            if (addend == null) {
                GradientPasses.apply(x.array, i, dz.array, j, dx.array, o, width, coefficients, k);
            } else {
                GradientPasses.applyAdding(x.array, i, dz.array, j, addend.array, fromAddend + row * addend.layout.row(), dx.array, o, width,
                        coefficients, k);
            }
        }
    }

    private boolean dense() {
        return x.layout.halo() == 0 && dy.layout.halo() == 0 && dx.layout.halo() == 0 && (addend == null || addend.layout.halo() == 0);
    }

    /** Sums the planes' shares over the images, in their order. */
    private void parameters(int block, double[] total) {
        Grouping g = grouping;
        Arrays.fill(total, 0);
        for (int image = 0; image < g.images; image++) {
            int share = offsetScratch + (image * g.blocks + block) * 2 * BLOCK;
            for (int c = 0; c < 2 * BLOCK; c++) {
                total[c] += scratch[share + c];
            }
        }
        for (int c = block * BLOCK; c < Math.min(g.channels, (block + 1) * BLOCK); c++) {
            dbeta[offsetDbeta + c] += (float) total[c % BLOCK];
            dgamma[offsetDgamma + c] += (float) total[BLOCK + c % BLOCK];
        }
    }
}
