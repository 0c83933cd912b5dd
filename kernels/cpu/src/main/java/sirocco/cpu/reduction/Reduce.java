package sirocco.cpu.reduction;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import sirocco.api.Axis;
import sirocco.api.Reduction.Function;
import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.LaneSums;

/**
 * Sums, means and maxima of a dense value along any axes.
 *
 * <p>Neighbouring axes that are reduced alike count as one, so there are two cases. If the last of them is reduced, a result is made of contiguous pieces:
 * each is added up in float32 by vectors and the pieces in double. If the last one is kept, rows of results are made of rows of terms: up to {@value #GROUP}
 * of them are added up in float32, and these sums again. Where there are too few results to share, the terms are cut into parts, whose results are combined
 * in the end. The cut depends on the shape alone, so results do not depend on the number of threads.
 */
public final class Reduce {
    private static final int AXES = 4;
    /** Floats of a contiguous piece. */
    private static final int PIECE = 2048;
    /** Rows that are added up before their sum is added. */
    private static final int GROUP = 64;
    /** Floats of a row of results that is made at a time: it stays in the first-level cache. */
    private static final int COLUMNS = 1024;
    /** Floats of terms that an item should have at least. */
    private static final int ITEM = 16384;
    /** Items beyond which terms need not be cut. */
    private static final int ENOUGH = 32;
    private static final int MOST_PARTS = 64;

    private final Function function;
    private final Workers workers;
    /** Of the kept and of the reduced axes before the last one: sizes and floats of x between neighbours, outermost first. */
    private final int[] keptSize = {1, 1};
    private final int[] keptStep = {0, 0};
    private final int[] reducedSize = {1, 1};
    private final int[] reducedStep = {0, 0};
    /** The last axis: its size, and whether it is reduced. */
    private final int inner;
    private final boolean reducesInner;
    private final int kept;
    private final int terms;
    private final int pieces;
    private final int columnGroups;
    private final int results;
    private final int parts;
    private final int perItem;
    private final int units;
    private final double count;
    private final float[][] sums;
    private final Workers.Task reduce = this::reduce;
    private final Workers.Task combine = this::combine;

    private Slice x;
    private Slice y;
    /** Results of the parts, [part][result]. */
    private Slice partial;

    public Reduce(Function function, Set<Axis> axes, Shape x, Workers workers) {
        this.function = function;
        this.workers = workers;
        int[] size = new int[AXES];
        int[] step = new int[AXES];
        boolean[] reduced = new boolean[AXES];
        int last = AXES;
        int floats = 1;
        for (int i = AXES - 1; i >= 0; i--) {
            int s = x.size(Axis.values()[i]);
            boolean r = axes.contains(Axis.values()[i]);
            if (s > 1) {
                if (last == AXES || reduced[last] != r) {
                    last--;
                    size[last] = 1;
                    step[last] = floats;
                    reduced[last] = r;
                }
                size[last] *= s;
                floats *= s;
            }
        }
        inner = last == AXES ? 1 : size[AXES - 1];
        reducesInner = last == AXES || reduced[AXES - 1];
        int k = 2;
        int r = 2;
        for (int i = AXES - 2; i >= last; i--) {
            if (reduced[i]) {
                reducedSize[--r] = size[i];
                reducedStep[r] = step[i];
            } else {
                keptSize[--k] = size[i];
                keptStep[k] = step[i];
            }
        }
        kept = keptSize[0] * keptSize[1];
        terms = reducedSize[0] * reducedSize[1];
        results = reducesInner ? kept : kept * inner;
        count = (double) terms * (reducesInner ? inner : 1);
        pieces = reducesInner ? (inner + PIECE - 1) / PIECE : 1;
        columnGroups = reducesInner ? 1 : (inner + COLUMNS - 1) / COLUMNS;
        int width = reducesInner ? Math.min(inner, PIECE) : Math.min(inner, COLUMNS);
        int steps = terms * pieces;
        long ofUnit = (long) steps * width;
        int all = kept * columnGroups;
        parts = all >= ENOUGH ? 1 : (int) Math.clamp(Math.min(ofUnit / ITEM, steps), 1, MOST_PARTS);
        units = all * parts;
        perItem = (int) Math.max(1, ITEM / Math.max(1, ofUnit / parts));
        sums = new float[workers.threads()][Math.max(LaneSums.SCRATCH, reducesInner ? 0 : 2 * width)];
    }

    /** Floats of working memory for {@link #run}. */
    public long scratchFloats() {
        return parts == 1 ? 0 : (long) parts * results;
    }

    /** y must not overlap x. */
    public void run(Slice x, Slice y, Slice scratch) {
        this.x = x;
        this.y = y;
        partial = parts == 1 ? y : scratch;
        workers.run((units + perItem - 1) / perItem, reduce);
        if (parts > 1) {
            workers.run((results + ITEM - 1) / ITEM, combine);
        }
    }

    private void reduce(int item, int worker) {
        for (int unit = item * perItem; unit < Math.min(units, (item + 1) * perItem); unit++) {
            int part = unit % parts;
            int group = unit / parts % columnGroups;
            int row = unit / parts / columnGroups;
            int from = x.offset() + row / keptSize[1] * keptStep[0] + row % keptSize[1] * keptStep[1];
            int steps = terms * pieces;
            int first = (int) ((long) steps * part / parts);
            int end = (int) ((long) steps * (part + 1) / parts);
            if (reducesInner) {
                double result = contiguous(from, first, end, sums[worker]);
                partial.array()[partial.offset() + part * results + row] = (float) (parts == 1 && function == Function.MEAN ? result / count : result);
            } else {
                int column = group * COLUMNS;
                columns(from + column, first, end, Math.min(COLUMNS, inner - column), sums[worker], partial.array(),
                        partial.offset() + part * results + row * inner + column);
            }
        }
    }

    private int term(int i) {
        return i / reducedSize[1] * reducedStep[0] + i % reducedSize[1] * reducedStep[1];
    }

    private double contiguous(int from, int first, int end, float[] lanes) {
        boolean maximum = function == Function.MAXIMUM;
        double result = maximum ? Double.NEGATIVE_INFINITY : 0;
        for (int i = first; i < end; i++) {
            int piece = i % pieces * PIECE;
            int at = from + term(i / pieces) + piece;
            int n = Math.min(PIECE, inner - piece);
            result = maximum ? Math.max(result, maximum(x.array(), at, n, lanes)) : result + LaneSums.sum(x.array(), at, n, lanes);
        }
        return result;
    }

    private static float maximum(float[] x, int at, int n, float[] lanes) {
        int whole = n / (4 * LANES) * (4 * LANES);
        float result = Float.NEGATIVE_INFINITY;
        if (whole > 0) {
            largest(x, at, whole, lanes);
            for (int lane = 0; lane < 4 * LANES; lane++) {
                result = Math.max(result, lanes[lane]);
            }
        }
        for (int e = at + whole; e < at + n; e++) {
            result = Math.max(result, x[e]);
        }
        return result;
    }

    private static void largest(float[] x, int i, int n, float[] out) {
        FloatVector s0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int e = i; e < i + n; e += 4 * LANES) {
            s0 = s0.max(FloatVector.fromArray(F, x, e));
            s1 = s1.max(FloatVector.fromArray(F, x, e + LANES));
            s2 = s2.max(FloatVector.fromArray(F, x, e + 2 * LANES));
            s3 = s3.max(FloatVector.fromArray(F, x, e + 3 * LANES));
        }
        s0.intoArray(out, 0);
        s1.intoArray(out, LANES);
        s2.intoArray(out, 2 * LANES);
        s3.intoArray(out, 3 * LANES);
    }

    /** A row of results of {@code n} columns; {@code sums} has the sum of a group and that of all groups. */
    private void columns(int from, int first, int end, int n, float[] sums, float[] to, int at) {
        boolean maximum = function == Function.MAXIMUM;
        Arrays.fill(sums, 0, n, maximum ? Float.NEGATIVE_INFINITY : 0f);
        for (int i = first; i < end; i += GROUP) {
            Arrays.fill(sums, n, 2 * n, maximum ? Float.NEGATIVE_INFINITY : 0f);
            for (int j = i; j < Math.min(end, i + GROUP); j++) {
                if (maximum) {
                    larger(x.array(), from + term(j), sums, n, n);
                } else {
                    add(x.array(), from + term(j), sums, n, n);
                }
            }
            if (maximum) {
                larger(sums, n, sums, 0, n);
            } else {
                add(sums, n, sums, 0, n);
            }
        }
        if (parts == 1 && function == Function.MEAN) {
            scale(sums, n, (float) (1 / count));
        }
        System.arraycopy(sums, 0, to, at, n);
    }

    private static void add(float[] x, int i, float[] sum, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, sum, j + e).add(FloatVector.fromArray(F, x, i + e)).intoArray(sum, j + e);
        }
        for (int e = whole; e < n; e++) {
            sum[j + e] += x[i + e];
        }
    }

    private static void larger(float[] x, int i, float[] most, int j, int n) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, most, j + e).max(FloatVector.fromArray(F, x, i + e)).intoArray(most, j + e);
        }
        for (int e = whole; e < n; e++) {
            most[j + e] = Math.max(most[j + e], x[i + e]);
        }
    }

    private static void scale(float[] x, int n, float factor) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector.fromArray(F, x, e).mul(factor).intoArray(x, e);
        }
        for (int e = whole; e < n; e++) {
            x[e] *= factor;
        }
    }

    /** Results from those of their parts, in order. */
    private void combine(int item, int worker) {
        float[] p = partial.array();
        for (int i = item * ITEM; i < Math.min(results, (item + 1) * ITEM); i++) {
            double result = p[partial.offset() + i];
            for (int part = 1; part < parts; part++) {
                float of = p[partial.offset() + part * results + i];
                result = function == Function.MAXIMUM ? Math.max(result, of) : result + of;
            }
            y.array()[y.offset() + i] = (float) (function == Function.MEAN ? result / count : result);
        }
    }
}
