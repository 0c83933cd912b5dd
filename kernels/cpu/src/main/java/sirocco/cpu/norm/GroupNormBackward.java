package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;

import java.util.Arrays;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Convert;
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
    private final Layout layoutX;
    private final Layout layoutDy;
    private final Layout layoutAddend;
    private final Layout layoutDx;
    private final boolean silu;
    private final Grouping grouping;
    /** Per plane: sums of dz of the 16 channels, then of dz · (x − mean); later the latter times rstd. */
    private final double[] sums;
    /** Per plane, 16 each: what {@link GradientPasses} needs. */
    private final float[] coefficients;
    private final float[][] scratch;
    private final double[][] exact;
    private final int blocksPerItem;
    private final Convert inX;
    private final Convert inDy;
    private final Convert inAddend;
    private final Convert back;
    private final float[] blockedX;
    private final float[] blockedDy;
    private final float[] blockedAddend;
    private final float[] blockedDx;
    private Phase phase;
    private float[] x;
    private float[] stats;
    private float[] gamma;
    private float[] beta;
    private float[] dy;
    private float[] addend;
    private float[] dx;
    private float[] dgamma;
    private float[] dbeta;
    private int offsetX;
    private int offsetStats;
    private int offsetGamma;
    private int offsetBeta;
    private int offsetDy;
    private int offsetAddend;
    private int offsetDx;
    private int offsetDgamma;
    private int offsetDbeta;

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
        layoutX = GroupNorm.blocked(x);
        layoutDy = GroupNorm.blocked(dy);
        layoutAddend = addend == null ? null : GroupNorm.blocked(addend);
        layoutDx = GroupNorm.blocked(dx);
        inX = x.blocked() ? null : new Convert(x, layoutX, workers);
        inDy = dy.blocked() ? null : new Convert(dy, layoutDy, workers);
        inAddend = addend == null || addend.blocked() ? null : new Convert(addend, layoutAddend, workers);
        back = dx.blocked() ? null : new Convert(layoutDx, dx, workers);
        blockedX = memory(inX, layoutX);
        blockedDy = memory(inDy, layoutDy);
        blockedAddend = memory(inAddend, layoutAddend);
        blockedDx = memory(back, layoutDx);
        grouping = new Grouping(layoutX, groups, workers.threads());
        sums = new double[x.n() * layoutX.blocks() * 2 * BLOCK];
        coefficients = new float[x.n() * layoutX.blocks() * GradientPasses.COEFFICIENTS];
        scratch = new float[workers.threads()][2 * BLOCK];
        exact = new double[workers.threads()][2 * BLOCK];
        blocksPerItem = Math.max(1, ADDITIONS / (x.n() * 2 * BLOCK));
    }

    private static float[] memory(Convert convert, Layout layout) {
        return convert == null ? null : new float[Math.toIntExact(layout.floats())];
    }

    /**
     * @param stats [n][groups][2], what the forward op wrote
     * @param addend null without one
     * @param dx written; must overlap neither x, dy nor addend
     * @param dgamma c floats, accumulated
     * @param dbeta c floats, accumulated
     */
    public void run(float[] x, int offsetX, float[] stats, int offsetStats, float[] gamma, int offsetGamma, float[] beta, int offsetBeta,
            float[] dy, int offsetDy, float[] addend, int offsetAddend, float[] dx, int offsetDx,
            float[] dgamma, int offsetDgamma, float[] dbeta, int offsetDbeta) {
        if (inX != null) {
            inX.run(x, offsetX, blockedX, 0);
        }
        if (inDy != null) {
            inDy.run(dy, offsetDy, blockedDy, 0);
        }
        if (inAddend != null) {
            inAddend.run(addend, offsetAddend, blockedAddend, 0);
        }
        this.x = inX == null ? x : blockedX;
        this.offsetX = inX == null ? offsetX : 0;
        this.dy = inDy == null ? dy : blockedDy;
        this.offsetDy = inDy == null ? offsetDy : 0;
        this.addend = inAddend == null ? addend : blockedAddend;
        this.offsetAddend = inAddend == null ? offsetAddend : 0;
        this.dx = back == null ? dx : blockedDx;
        this.offsetDx = back == null ? offsetDx : 0;
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
        if (back != null) {
            back.run(blockedDx, 0, dx, offsetDx);
        }
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
                combine(item, unit);
            }
            return;
        }
        for (int part = item * g.perItem; part < Math.min(g.parts(), (item + 1) * g.perItem); part++) {
            if (phase == Phase.WHOLE) {
                whole(part / g.units, part % g.units, worker);
            } else if (phase == Phase.SUMS) {
                sums(part / g.blocks, part % g.blocks, worker);
            } else {
                apply(part / g.blocks, part % g.blocks);
            }
        }
    }

    private void whole(int image, int unit, int worker) {
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            sums(image, block, worker);
        }
        combine(image, unit);
        for (int block = grouping.firstBlock(unit); block < grouping.endBlock(unit); block++) {
            apply(image, block);
        }
    }

    /** The first pass over a plane. */
    private void sums(int image, int block, int worker) {
        Grouping g = grouping;
        int plane = image * g.blocks + block;
        int k = plane * GradientPasses.COEFFICIENTS;
        Arrays.fill(coefficients, k, k + GradientPasses.COEFFICIENTS, 0f);
        for (int c = block * BLOCK; c < Math.min(g.channels, (block + 1) * BLOCK); c++) {
            int s = offsetStats + (image * g.groups + c / g.perGroup) * 2;
            coefficients[k + GradientPasses.MEAN + c % BLOCK] = stats[s];
            coefficients[k + GradientPasses.FACTOR + c % BLOCK] = gamma[offsetGamma + c] * stats[s + 1];
            coefficients[k + GradientPasses.SUMMAND + c % BLOCK] = beta[offsetBeta + c];
        }
        if (silu) {
            Halo.clear(dx, offsetDx, layoutDx, image, block);
        }
        int from = offsetX + layoutX.origin(image, block);
        int fromDy = offsetDy + layoutDy.origin(image, block);
        int to = offsetDx + layoutDx.origin(image, block);
        boolean dense = dense();
        int width = dense ? g.pixels : layoutX.w();
        int rows = dense ? 1 : layoutX.h();
        int some = Math.max(1, PlaneSums.PIXELS / width);
        Arrays.fill(sums, plane * 2 * BLOCK, (plane + 1) * 2 * BLOCK, 0);
        float[] part = scratch[worker];
        for (int row = 0; row < rows; row += some) {
            for (int p = 0; p < width; p += PlaneSums.PIXELS) {
                int i = from + row * layoutX.row() + p * BLOCK;
                int j = fromDy + row * layoutDy.row() + p * BLOCK;
                int height = Math.min(some, rows - row);
                int pixels = Math.min(PlaneSums.PIXELS, width - p);
                if (silu) {
                    int o = to + row * layoutDx.row() + p * BLOCK;
                    GradientPasses.siluSums(x, i, layoutX.row(), dy, j, layoutDy.row(), dx, o, layoutDx.row(), height, pixels,
                            coefficients, k, part);
                } else {
                    GradientPasses.sums(x, i, layoutX.row(), dy, j, layoutDy.row(), height, pixels, coefficients, k, part);
                }
                for (int c = 0; c < 2 * BLOCK; c++) {
                    sums[plane * 2 * BLOCK + c] += part[c];
                }
            }
        }
    }

    /** From the sums of channels to those of groups, and to the factors of the second pass. */
    private void combine(int image, int unit) {
        Grouping g = grouping;
        for (int group = g.firstGroup(unit); group < g.endGroup(unit); group++) {
            int from = group * g.perGroup;
            double rstd = stats[offsetStats + (image * g.groups + group) * 2 + 1];
            double first = 0;
            double second = 0;
            for (int c = from; c < from + g.perGroup; c++) {
                int s = (image * g.blocks + c / BLOCK) * 2 * BLOCK + c % BLOCK;
                sums[s + BLOCK] *= rstd;
                first += gamma[offsetGamma + c] * sums[s];
                second += gamma[offsetGamma + c] * sums[s + BLOCK];
            }
            double m = (double) g.pixels * g.perGroup;
            for (int c = from; c < from + g.perGroup; c++) {
                int k = (image * g.blocks + c / BLOCK) * GradientPasses.COEFFICIENTS + c % BLOCK;
                coefficients[k + GradientPasses.SLOPE] = (float) (-rstd * rstd * second / m);
                coefficients[k + GradientPasses.CONSTANT] = (float) (-rstd * first / m);
            }
        }
    }

    /** The second pass over a plane. */
    private void apply(int image, int block) {
        int k = (image * grouping.blocks + block) * GradientPasses.COEFFICIENTS;
        if (!silu) {
            Halo.clear(dx, offsetDx, layoutDx, image, block);
        }
        float[] dz = silu ? dx : dy;
        Layout layoutDz = silu ? layoutDx : layoutDy;
        int fromDz = (silu ? offsetDx : offsetDy) + layoutDz.origin(image, block);
        int from = offsetX + layoutX.origin(image, block);
        int to = offsetDx + layoutDx.origin(image, block);
        int fromAddend = layoutAddend == null ? 0 : offsetAddend + layoutAddend.origin(image, block);
        boolean dense = dense();
        int width = dense ? grouping.pixels : layoutX.w();
        int rows = dense ? 1 : layoutX.h();
        for (int row = 0; row < rows; row++) {
            int i = from + row * layoutX.row();
            int j = fromDz + row * layoutDz.row();
            int o = to + row * layoutDx.row();
            if (layoutAddend == null) {
                GradientPasses.apply(x, i, dz, j, dx, o, width, coefficients, k);
            } else {
                GradientPasses.applyAdding(x, i, dz, j, addend, fromAddend + row * layoutAddend.row(), dx, o, width, coefficients, k);
            }
        }
    }

    private boolean dense() {
        return layoutX.halo() == 0 && layoutDy.halo() == 0 && layoutDx.halo() == 0 && (layoutAddend == null || layoutAddend.halo() == 0);
    }

    /** Sums over the images, in their order. */
    private void parameters(int block, double[] total) {
        Grouping g = grouping;
        Arrays.fill(total, 0);
        for (int image = 0; image < g.images; image++) {
            int s = (image * g.blocks + block) * 2 * BLOCK;
            for (int c = 0; c < 2 * BLOCK; c++) {
                total[c] += sums[s + c];
            }
        }
        for (int c = block * BLOCK; c < Math.min(g.channels, (block + 1) * BLOCK); c++) {
            dbeta[offsetDbeta + c] += (float) total[c % BLOCK];
            dgamma[offsetDgamma + c] += (float) total[BLOCK + c % BLOCK];
        }
    }
}
