package sirocco.cpu.conv;

import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.Product;

/**
 * dw[k][r][s][c] += Σ dy[n,y,x,k] · x[n, y·stride + r − padTop, x·stride + s − padLeft, c] as one matrix product, whose terms are the pixels
 * of all images. Any kernel size, stride and padding.
 */
final class GemmWeightsGradient implements WeightsGradientKernel {
    private final Workers workers;
    private final PaddedInput x;
    private final PaddedInput dy;
    private final WeightsResult result;
    private final Product product;

    GemmWeightsGradient(ConvShape given, Layout xLayout, Layout dyLayout, Workers workers) {
        this.workers = workers;
        View in = View.of(xLayout);
        View out = View.of(dyLayout);
        ConvShape s = given;
        if (s.r() * s.s() * s.h() * s.w() == 1 && s.outH() * s.outW() == 1) {
            in = in.batchAsRow();
            out = out.batchAsRow();
            s = new ConvShape(1, 1, s.n(), s.c(), s.k(), 1, 1, 1, 0, 0, 0, 0);
        } else if (s.r() * s.s() * s.stride() == 1 && s.h() == s.outH() && s.w() == s.outW() && in.rowsAdjoin() && out.rowsAdjoin()) {
            in = in.rowsJoined();
            out = out.rowsJoined();
            s = new ConvShape(s.n(), 1, s.h() * s.w(), s.c(), s.k(), 1, 1, 1, 0, 0, 0, 0);
        }
        x = new PaddedInput(in, xLayout.halo(), s.padTop(), s.padLeft(), (s.outH() - 1) * s.stride() + s.r(),
                (s.outW() - 1) * s.stride() + s.s(), s.stride());
        dy = new PaddedInput(out, dyLayout.halo(), 0, 0, s.outH(), s.outW(), 1);
        int terms = s.n() * s.outH() * s.outW();
        boolean inPlace = Product.inPlace(terms, s.outW());
        PixelPanels panels = new PixelPanels(x, s, inPlace);
        result = new WeightsResult(s, panels);
        product = new Product(1, s.k(), terms, inPlace ? s.outW() : 0, new PixelColumns(dy, s.outH(), s.outW(), inPlace), panels, result,
                workers);
    }

    @Override
    public long scratchFloats() {
        return Alignment.SLACK + x.scratchFloats() + dy.scratchFloats() + product.scratchFloats();
    }

    @Override
    public void run(Slice xAt, Slice dyAt, Slice dw, Slice scratch) {
        int at = Alignment.up(scratch.offset());
        x.bind(xAt.array(), xAt.offset(), scratch.array(), at, workers);
        at += (int) x.scratchFloats();
        dy.bind(dyAt.array(), dyAt.offset(), scratch.array(), at, workers);
        at += (int) dy.scratchFloats();
        result.bind(dw);
        product.run(scratch.array(), at);
    }

    @Override
    public String toString() {
        return "implicit GEMM, " + product;
    }
}
