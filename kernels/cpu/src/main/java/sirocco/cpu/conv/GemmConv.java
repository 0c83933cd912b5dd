package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Gemm.PANEL;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import java.util.List;
import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * Convolution as matrix products without a matrix of patches: for each run of output pixels in a row, the rows of {@code a} are the
 * input pixels, read in place once for each tap, and a panel of the weights is {@code b}. Any kernel size, stride and padding.
 *
 * <p>An item of the loop is a band of output pixels and a group of panels; within it a panel stays in the level-2 cache while the band's
 * pixels go by.
 */
final class GemmConv implements ConvKernel, Workers.Task {
    /** Output pixels of an item: enough to reuse a panel by, few enough that their input stays in the level-2 cache. */
    private static final int BAND_PIXELS = 256;
    /** Items that keep a few threads busy evenly; a constant, so that the work is cut the same for any number of threads. */
    private static final int ITEMS = 16;

    private final Workers workers;
    private final View out;
    private final List<Taps> sets;
    private final PackedWeights packed;
    private final PaddedInput input;
    /** Of each set: the offsets of its taps, for all blocks of input channels, from an output pixel's place in the input. */
    private final int[][] taps;
    /** From one output pixel of a set to the next. */
    private final int outStep;
    private final Addends addends;
    private final Halo halo;

    private final int bandImages;
    private final int bandRows;
    private final int rowBands;
    private final int imageBands;
    private final int groupPanels;
    private final int groups;
    /** Of a dense output: the longest run, kept as whole blocks for a while; otherwise 0. */
    private final int densePixels;

    private Slice weights;
    private Slice y;
    private Slice scratch;

    /**
     * @param x the operand that is convolved: x, or dy if {@code backward}
     * @param y the result: y, or dx
     * @param residual null if there will never be one
     */
    GemmConv(ConvShape shape, boolean backward, Layout x, Layout y, Layout residual, Workers workers) {
        this.workers = workers;
        View in = View.of(x);
        View result = View.of(y);
        View rest = residual == null ? null : View.of(residual);
        View perChannel = View.perChannel(y.n(), y.h(), y.w(), y.c());
        boolean pointwise = shape.r() == 1 && shape.s() == 1 && shape.stride() == 1 && x.h() == y.h() && x.w() == y.w();
        ConvShape s = shape;
        if (pointwise && x.h() * x.w() == 1) {
            in = in.batchAsRow();
            result = result.batchAsRow();
            perChannel = perChannel.batchAsRow();
            rest = rest == null ? null : rest.batchAsRow();
            s = new ConvShape(1, 1, shape.n(), shape.c(), shape.k(), 1, 1, 1, 0, 0, 0, 0);
        } else if (pointwise && in.rowsAdjoin() && result.rowsAdjoin() && (rest == null || rest.rowsAdjoin())) {
            in = in.rowsJoined();
            result = result.rowsJoined();
            perChannel = perChannel.rowsJoined();
            rest = rest == null ? null : rest.rowsJoined();
            s = new ConvShape(shape.n(), 1, shape.h() * shape.w(), shape.c(), shape.k(), 1, 1, 1, 0, 0, 0, 0);
        }
        out = result;
        sets = backward ? Taps.backward(s) : Taps.forward(s);
        int inStep = backward ? 1 : s.stride();
        outStep = backward ? s.stride() : 1;
        packed = new PackedWeights(shape, backward, sets, workers);
        addends = new Addends(y.c(), perChannel, rest);
        halo = new Halo(y);

        int top = Integer.MAX_VALUE, left = Integer.MAX_VALUE, bottom = Integer.MIN_VALUE, right = Integer.MIN_VALUE;
        for (Taps t : sets) {
            for (int i = 0; i < t.count(); i++) {
                top = Math.min(top, t.dy()[i]);
                left = Math.min(left, t.dx()[i]);
                bottom = Math.max(bottom, t.dy()[i] + (t.h() - 1) * inStep);
                right = Math.max(right, t.dx()[i] + (t.w() - 1) * inStep);
            }
        }
        if (top > bottom) { // a kernel that no output pixel meets: nothing is read
            top = left = bottom = right = 0;
        }
        input = new PaddedInput(in, x.halo(), -top, -left, bottom - top + 1, right - left + 1, inStep);
        taps = new int[sets.size()][];
        int longest = 0;
        int rows = 0;
        for (int i = 0; i < taps.length; i++) {
            taps[i] = offsets(sets.get(i), top, left);
            longest = Math.max(longest, sets.get(i).w());
            rows = Math.max(rows, sets.get(i).h());
        }
        densePixels = out.blocked() ? 0 : longest;

        bandRows = Math.min(rows, ceilDiv(BAND_PIXELS, longest));
        rowBands = ceilDiv(rows, bandRows);
        bandImages = rowBands > 1 ? 1 : Math.min(out.n(), Math.max(1, BAND_PIXELS / (rows * longest)));
        imageBands = ceilDiv(out.n(), bandImages);
        groupPanels = ceilDiv(packed.panels(), Math.min(packed.panels(), ceilDiv(ITEMS, rowBands * imageBands)));
        groups = ceilDiv(packed.panels(), groupPanels);
    }

    private int[] offsets(Taps t, int top, int left) {
        int[] offsets = new int[packed.innerBlocks() * t.count()];
        for (int block = 0; block < packed.innerBlocks(); block++) {
            for (int i = 0; i < t.count(); i++) {
                offsets[block * t.count() + i] = block * input.plane() + input.tap(t.dy()[i] - top, t.dx()[i] - left);
            }
        }
        return offsets;
    }

    @Override
    public int preparedFloats() {
        return packed.floats();
    }

    @Override
    public long scratchFloats() {
        return Alignment.SLACK + input.scratchFloats() + (long) workers.threads() * densePixels * BLOCK;
    }

    @Override
    public void prepare(Slice w, Slice prepared) {
        packed.pack(w, prepared);
    }

    @Override
    public void run(Slice x, Slice prepared, Slice y, Slice bias, Slice perChannel, Slice residual, Slice scratch) {
        this.weights = prepared;
        this.y = y;
        this.scratch = scratch;
        addends.bind(bias, perChannel, residual);
        input.bind(x.array(), x.offset(), scratch.array(), Alignment.up(scratch.offset()), workers);
        halo.clear(y, workers);
        workers.run(imageBands * rowBands * groups, this);
    }

    @Override
    public void run(int item, int worker) {
        int group = item % groups;
        int rowBand = item / groups % rowBands;
        int imageBand = item / groups / rowBands;
        int lastImage = Math.min(out.n(), (imageBand + 1) * bandImages);
        int lastPanel = Math.min(packed.panels(), (group + 1) * groupPanels);
        for (int panel = group * groupPanels; panel < lastPanel; panel++) {
            for (int set = 0; set < taps.length; set++) {
                int lastRow = Math.min(sets.get(set).h(), (rowBand + 1) * bandRows);
                for (int n = imageBand * bandImages; n < lastImage; n++) {
                    for (int i = rowBand * bandRows; i < lastRow; i++) {
                        runOfPixels(set, panel, n, i, worker);
                    }
                }
            }
        }
    }

    /** Row i of a set's pixels, for one panel of output channels. */
    private void runOfPixels(int set, int panel, int n, int i, int worker) {
        Taps t = sets.get(set);
        boolean both = (2 * panel + 1) * BLOCK < out.c();
        int row = t.y0() + i * outStep;
        float[] c = y.array();
        int co = y.offset() + out.at(n, 2 * panel, row, t.x0());
        int ci = outStep * out.pixel();
        if (!out.blocked()) {
            c = scratch.array();
            co = Alignment.up(scratch.offset()) + (int) input.scratchFloats() + worker * densePixels * BLOCK;
            ci = BLOCK;
        }
        boolean add = !addends.none();
        if (add) {
            addends.fill(n, 2 * panel, row, t.x0(), outStep, t.w(), c, co, ci);
            if (both) {
                addends.fill(n, 2 * panel + 1, row, t.x0(), outStep, t.w(), c, co + out.plane(), ci);
            }
        }
        int from = input.origin(n, 0) + i * input.rowStep();
        Gemm.rows(input.array(), from, taps[set], taps[set].length, weights.array(), packed.panel(weights.offset(), set, panel),
                c, co, ci, out.plane(), t.w(), both, add);
        if (!out.blocked()) {
            int to = y.offset() + out.at(n, 0, row, t.x0());
            for (int j = 0; j < t.w(); j++) {
                System.arraycopy(c, co + j * BLOCK, y.array(), to + j * outStep * out.pixel(), out.c());
            }
        }
    }

    @Override
    public String toString() {
        return "implicit GEMM, " + imageBands * rowBands + " bands × " + groups + " groups of panels of " + PANEL + " channels";
    }
}
