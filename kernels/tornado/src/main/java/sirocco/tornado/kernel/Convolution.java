package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Op;
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

    static Kernel of(Op.Conv2d op) {
        Convolution z = new Convolution(op.x(), op.w(), op.y(), op.window());
        GemmTile tile = GemmTile.choose(z.outputs(), z.y.c(), 1);
        return Kernel.of(p -> List.of(z.launch("conv2d", ImplicitGemm.FORWARD,
                new int[] {p.at(op.x()), p.at(op.w()), p.at(op.y()), p.at(op.bias()), p.at(op.perChannel()), p.at(op.residual())},
                tile.count(z.outputs(), z.y.c()), 1, 0, tile))).withAlgorithm(tile.label());
    }

    static Kernel of(Op.Conv2dBackwardData op) {
        Convolution z = new Convolution(op.dx(), op.w(), op.dy(), op.window());
        int stride = z.window.stride();
        long pixelsOfPhase = z.x.n() * Launch.ceilDiv(z.x.h(), stride) * Launch.ceilDiv(z.x.w(), stride);
        GemmTile tile = GemmTile.choose(pixelsOfPhase, z.x.c(), stride * stride);
        return Kernel.of(p -> List.of(z.launch("conv2dBackwardData", ImplicitGemm.DATA, new int[] {p.at(op.dy()), p.at(op.w()), p.at(op.dx())},
                tile.count(pixelsOfPhase, z.x.c()), stride * stride, 0, tile))).withAlgorithm(tile.label());
    }

    static Kernel of(Op.Conv2dBackwardWeights op) {
        Convolution z = new Convolution(op.x(), op.dw(), op.dy(), op.window());
        long depth = z.w.imageElements();
        long slices = Launch.ceilDiv(z.outputs(), ImplicitGemm.DEPTH);
        long most = Math.max(1, slices / FEWEST_SLICES);
        GemmTile tile = GemmTile.choose(depth, z.y.c(), most);
        long tiles = tile.count(depth, z.y.c());
        int slicesOfPart = (int) Launch.ceilDiv(slices, Math.min(most, Launch.ceilDiv(GemmTile.GROUPS, tiles)));
        int parts = (int) Launch.ceilDiv(slices, slicesOfPart);
        int weights = (int) z.w.elements();
        return Kernel.of(p -> List.of(
                z.launch("conv2dBackwardWeights", ImplicitGemm.WEIGHTS, new int[] {p.at(op.x()), p.at(op.dy()), p.scratch()}, tiles, parts, slicesOfPart, tile),
                Launch.items("conv2dSumParts", new int[] {p.scratch(), p.at(op.dw()), p.at(op.dBias())}, weights + z.y.c(),
                        (g, id, c, m, at) -> g.task(id, ImplicitGemm::sumParts, c, m, at, parts, weights, z.y.c()))))
                .withScratch((long) parts * (weights + z.y.c())).withAlgorithm(tile.label() + (parts > 1 ? ", " + parts + " parts" : ""));
    }

    private int outputs() {
        return y.n() * y.h() * y.w();
    }

    private Launch launch(String kernel, int pass, int[] at, long groupsX, int groupsY, int slices, GemmTile tile) {
        return Launch.groups(kernel, at, groupsX, groupsY, 1, ImplicitGemm.GROUP,
                (g, id, c, m, places) -> g.task(id, ImplicitGemm::product, c, m, places, pass, x.n(), x.h(), x.w(), x.c(), y.c(), w.h(), w.w(), y.h(), y.w(),
                        window.stride(), window.top(), window.left(), slices, tile.side()));
    }
}
