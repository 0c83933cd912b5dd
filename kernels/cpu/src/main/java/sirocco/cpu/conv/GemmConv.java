package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;

import java.util.List;
import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.Product;

/**
 * Convolution as matrix products without a matrix of patches (implicit GEMM): a product for each set of taps, of the input's pixels and the
 * packed weights. Any kernel size, stride and padding.
 */
final class GemmConv implements ConvKernel {
    private final Workers workers;
    private final PackedWeights packed;
    private final PaddedInput input;
    private final Addends addends;
    private final Halo halo;
    private final PixelResult[] results;
    private final Product[] products;

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
        List<Taps> sets = backward ? Taps.backward(s) : Taps.forward(s);
        int inStep = backward ? 1 : s.stride();
        int outStep = backward ? s.stride() : 1;
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
        results = new PixelResult[sets.size()];
        products = new Product[sets.size()];
        for (int i = 0; i < products.length; i++) {
            Taps set = sets.get(i);
            results[i] = new PixelResult(result, set, outStep, addends);
            products[i] = new Product(1, result.n() * set.h() * set.w(), packed.terms(i), 0, new PixelRows(input, set, offsets(set, top, left)),
                    packed.set(i), results[i], workers);
        }
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
        long floats = 0;
        for (Product product : products) {
            floats = Math.max(floats, product.scratchFloats());
        }
        return Alignment.SLACK + input.scratchFloats() + floats;
    }

    @Override
    public void prepare(Slice w, Slice prepared) {
        packed.pack(w, prepared);
    }

    @Override
    public void run(Slice x, Slice prepared, Slice y, Slice bias, Slice perChannel, Slice residual, Slice scratch) {
        packed.bind(prepared);
        addends.bind(bias, perChannel, residual);
        int at = Alignment.up(scratch.offset());
        input.bind(x.array(), x.offset(), scratch.array(), at, workers);
        halo.clear(y, workers);
        for (int i = 0; i < products.length; i++) {
            results[i].bind(y);
            products[i].run(scratch.array(), at + (int) input.scratchFloats());
        }
    }

    @Override
    public String toString() {
        return "implicit GEMM, " + products[0] + (products.length == 1 ? "" : ", " + products.length + " sets of taps");
    }
}
