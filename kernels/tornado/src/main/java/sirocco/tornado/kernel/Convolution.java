package sirocco.tornado.kernel;

import java.util.List;
import java.util.function.Function;
import sirocco.api.Op;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/**
 * A convolution's passes as launches of {@link ImplicitGemm}; a linear layer and a 1×1 convolution are the same with one tap. Shapes decide about
 * everything, the device about nothing, so that sums have the same order on all.
 */
final class Convolution {
    /** Slices that are worth a part of a sum: less, and the parts' sums cost more than what they are made of. */
    private static final int FEWEST_SLICES = 16;

    private final Shape x;
    private final Shape w;
    private final Shape y;
    private final Window window;

    private Convolution(Value x, Value w, Value y, Window window) {
        this.x = x.shape();
        this.w = w.shape();
        this.y = y.shape();
        this.window = window;
    }

    static Kernel of(Op.Conv2d op, Precision precision) {
        Convolution z = new Convolution(op.x(), op.w(), op.y(), op.window());
        if (precision == Precision.BF16) {
            return z.tensorImage(ImplicitGemm.FORWARD, z.outputs(), z.y.c(), 1,
                    p -> new int[] {p.at(op.x()), p.at(op.w()), p.at(op.y()), p.at(op.bias()), p.at(op.perChannel()), p.at(op.residual()), p.scratch()});
        }
        GemmTile tile = GemmTile.choose(z.outputs(), z.y.c(), 1);
        return Kernel.of(p -> List.of(z.launch("conv2d", ImplicitGemm.FORWARD,
                new int[] {p.at(op.x()), p.at(op.w()), p.at(op.y()), p.at(op.bias()), p.at(op.perChannel()), p.at(op.residual())},
                tile.count(z.outputs(), z.y.c()), 1, 0, tile))).withAlgorithm(tile.label());
    }

    static Kernel of(Op.Conv2dBackwardData op, Precision precision) {
        Convolution z = new Convolution(op.dx(), op.w(), op.dy(), op.window());
        int stride = z.window.stride();
        long pixelsOfPhase = z.x.n() * Launch.ceilDiv(z.x.h(), stride) * Launch.ceilDiv(z.x.w(), stride);
        if (precision == Precision.BF16) {
            return z.tensorImage(ImplicitGemm.DATA, pixelsOfPhase, z.x.c(), stride * stride,
                    p -> new int[] {p.at(op.dy()), p.at(op.w()), p.at(op.dx()), -1, -1, -1, p.scratch()});
        }
        GemmTile tile = GemmTile.choose(pixelsOfPhase, z.x.c(), stride * stride);
        return Kernel.of(p -> List.of(z.launch("conv2dBackwardData", ImplicitGemm.DATA, new int[] {p.at(op.dy()), p.at(op.w()), p.at(op.dx())},
                tile.count(pixelsOfPhase, z.x.c()), stride * stride, 0, tile))).withAlgorithm(tile.label());
    }

    static Kernel of(Op.Conv2dBackwardWeights op, Precision precision) {
        Convolution z = new Convolution(op.x(), op.dw(), op.dy(), op.window());
        if (precision == Precision.BF16) {
            return z.tensorWeights(op);
        }
        long depth = z.w.imageElements();
        long slices = Launch.ceilDiv(z.outputs(), ImplicitGemm.DEPTH);
        long most = Math.max(1, slices / FEWEST_SLICES);
        GemmTile tile = GemmTile.choose(depth, z.y.c(), most);
        long tiles = tile.count(depth, z.y.c());
        int slicesOfPart = slicesOfPart(slices, FEWEST_SLICES, tiles);
        int parts = (int) Launch.ceilDiv(slices, slicesOfPart);
        int weights = (int) z.w.elements();
        return Kernel.of(p -> List.of(
                z.launch("conv2dBackwardWeights", ImplicitGemm.WEIGHTS, new int[] {p.at(op.x()), p.at(op.dy()), p.scratch()}, tiles, parts, slicesOfPart, tile),
                Launch.items("conv2dSumParts", new int[] {p.scratch(), p.at(op.dw()), p.at(op.dBias())}, weights + z.y.c(),
                        (g, id, c, m, at) -> g.task(id, ImplicitGemm::sumParts, c, m, at, parts, weights, z.y.c()))))
                .withScratch((long) parts * (weights + z.y.c())).withAlgorithm(tile.label() + (parts > 1 ? ", " + parts + " parts" : ""));
    }

    /** FORWARD or DATA by {@link TensorGemm}, as products of so many rows at most. */
    private Kernel tensorImage(int pass, long rows, int columns, int products, Function<Places, int[]> at) {
        long tiles = Launch.ceilDiv(rows, TensorGemm.WIDTH) * Launch.ceilDiv(columns, TensorGemm.WIDTH);
        boolean direct = TensorGemm.direct(pass, window.stride(), Math.toIntExact(rows), columns);
        return Kernel.of(p -> List.of(tensor(pass == ImplicitGemm.FORWARD ? "conv2dBf16" : "conv2dBackwardDataBf16", pass, at.apply(p), tiles, products, 0)))
                .withScratch(direct ? 0 : tiles * products * TensorGemm.WIDTH * TensorGemm.WIDTH).withAlgorithm(TensorGemm.LABEL);
    }

    private Kernel tensorWeights(Op.Conv2dBackwardWeights op) {
        int taps = (int) w.imageElements();
        long tiles = Launch.ceilDiv(taps, TensorGemm.WIDTH) * Launch.ceilDiv(y.c(), TensorGemm.WIDTH);
        long slices = Launch.ceilDiv(outputs(), TensorGemm.DEPTH);
        int slicesOfPart = slicesOfPart(slices, FEWEST_SLICES * ImplicitGemm.DEPTH / TensorGemm.DEPTH, tiles);
        int parts = (int) Launch.ceilDiv(slices, slicesOfPart);
        return Kernel.of(p -> List.of(
                tensor("conv2dBackwardWeightsBf16", ImplicitGemm.WEIGHTS, new int[] {p.at(op.x()), p.at(op.dy()), p.scratch()}, tiles, parts, slicesOfPart),
                Launch.items("conv2dSumPartsBf16", new int[] {p.scratch(), p.at(op.dw()), p.at(op.dBias())}, (taps + 1L) * y.c(),
                        (g, id, c, m, at) -> g.task(id, TensorGemm::sumParts, c, m, at, parts, taps, y.c()))))
                .withScratch((long) parts * TensorGemm.part(taps, y.c())).withAlgorithm(TensorGemm.LABEL + (parts > 1 ? ", " + parts + " parts" : ""));
    }

    /** As many parts as keep the device busy, but for those that would be too short. */
    private static int slicesOfPart(long slices, long fewest, long tiles) {
        return (int) Launch.ceilDiv(slices, Math.min(Math.max(1, slices / fewest), Launch.ceilDiv(GemmTile.GROUPS, tiles)));
    }

    private int outputs() {
        return y.n() * y.h() * y.w();
    }

    private Launch launch(String kernel, int pass, int[] at, long groupsX, int groupsY, int slices, GemmTile tile) {
        return Launch.groups(kernel, at, groupsX, groupsY, 1, ImplicitGemm.GROUP,
                (g, id, c, m, places) -> g.task(id, ImplicitGemm::product, c, m, places, pass, x.n(), x.h(), x.w(), x.c(), y.c(), w.h(), w.w(), y.h(), y.w(),
                        window.stride(), window.top(), window.left(), slices, tile.side()));
    }

    private Launch tensor(String kernel, int pass, int[] at, long groupsX, int groupsY, int slices) {
        return Launch.groups(kernel, at, groupsX, groupsY, 1, TensorGemm.GROUP,
                (g, id, c, m, places) -> g.task(id, TensorGemm::product, c, m, places, pass, x.n(), x.h(), x.w(), x.c(), y.c(), w.h(), w.w(), y.h(), y.w(),
                        window.stride(), window.top(), window.left(), slices));
    }
}
