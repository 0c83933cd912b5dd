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
        return z.image("conv2d", ImplicitGemm.FORWARD, z.outputs(), z.w.imageElements(), 1, z.y,
                p -> new int[] {p.at(op.x()), p.at(op.w()), p.at(op.y()), p.at(op.bias()), p.at(op.perChannel()), p.at(op.residual())});
    }

    static Kernel of(Op.Conv2dBackwardData op, Precision precision) {
        Convolution z = new Convolution(op.dx(), op.w(), op.dy(), op.window());
        int stride = z.window.stride();
        long pixelsOfPhase = z.x.n() * Launch.ceilDiv(z.x.h(), stride) * Launch.ceilDiv(z.x.w(), stride);
        if (precision == Precision.BF16) {
            return z.tensorImage(ImplicitGemm.DATA, pixelsOfPhase, z.x.c(), stride * stride,
                    p -> new int[] {p.at(op.dy()), p.at(op.w()), p.at(op.dx()), -1, -1, -1, p.scratch()});
        }
        long tapsOfPhase = Launch.ceilDiv(z.window.kernelH(), stride) * Launch.ceilDiv(z.window.kernelW(), stride) * z.y.c();
        return z.image("conv2dBackwardData", ImplicitGemm.DATA, pixelsOfPhase, tapsOfPhase, stride * stride, z.x,
                p -> new int[] {p.at(op.dy()), p.at(op.w()), p.at(op.dx()), -1, -1, -1});
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
        int slicesOfPart = slicesOfPart(slices, FEWEST_SLICES, tiles, GemmTile.GROUPS);
        int parts = (int) Launch.ceilDiv(slices, slicesOfPart);
        int weights = (int) z.w.elements();
        return Kernel.of(p -> List.of(
                z.launch("conv2dBackwardWeights", ImplicitGemm.WEIGHTS, new int[] {p.at(op.x()), p.at(op.dy()), p.scratch()}, tiles, 1, parts, slicesOfPart, tile),
                Launch.items("conv2dSumParts", new int[] {p.scratch(), p.at(op.dw()), p.at(op.dBias())}, weights + z.y.c(),
                        (g, id, c, m, at) -> g.task(id, Parts::accumulate, c, m, at, parts, weights, z.y.c()))))
                .withScratch((long) parts * (weights + z.y.c())).withAlgorithm(label(tile.label(), parts));
    }

    /**
     * FORWARD or DATA by {@link ImplicitGemm}, as products of so many rows and such a depth at most. The depth is divided where even small tiles leave most
     * of a large device idle.
     *
     * @param at as the kernel wants it
     */
    private Kernel image(String kernel, int pass, long rows, long depth, int products, Shape result, Function<Places, int[]> at) {
        long slices = Launch.ceilDiv(depth, ImplicitGemm.DEPTH);
        boolean idle = 2 * products * GemmTile.SMALL.count(rows, result.c()) < GemmTile.GROUPS;
        long most = idle ? Math.max(1, slices / FEWEST_SLICES) : 1;
        GemmTile tile = GemmTile.choose(rows, result.c(), products * most);
        long tiles = tile.count(rows, result.c());
        int slicesOfPart = idle ? slicesOfPart(slices, FEWEST_SLICES, products * tiles, GemmTile.GROUPS) : (int) slices;
        int parts = (int) Launch.ceilDiv(slices, slicesOfPart);
        if (parts == 1) {
            return Kernel.of(p -> List.of(launch(kernel, pass, at.apply(p), tiles, products, 1, slicesOfPart, tile))).withAlgorithm(tile.label());
        }
        int elements = (int) result.elements();
        int each = (int) result.imageElements();
        return Kernel.of(p -> {
            int[] whole = at.apply(p);
            return List.of(launch(kernel, pass, new int[] {whole[0], whole[1], p.scratch(), -1, -1, -1}, tiles, products, parts, slicesOfPart, tile),
                    Parts.sum(kernel + "SumParts", new int[] {p.scratch(), whole[2], whole[3], whole[4], whole[5]}, parts, elements, each, result.c()));
        }).withScratch((long) parts * elements).withAlgorithm(label(tile.label(), parts));
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
        int slicesOfPart = slicesOfPart(slices, FEWEST_SLICES * ImplicitGemm.DEPTH / TensorGemm.DEPTH, tiles,
                GemmTile.GROUPS * ImplicitGemm.GROUP / TensorGemm.GROUP);
        int parts = (int) Launch.ceilDiv(slices, slicesOfPart);
        return Kernel.of(p -> List.of(
                tensor("conv2dBackwardWeightsBf16", ImplicitGemm.WEIGHTS, new int[] {p.at(op.x()), p.at(op.dy()), p.scratch()}, tiles, parts, slicesOfPart),
                Launch.items("conv2dSumPartsBf16", new int[] {p.scratch(), p.at(op.dw()), p.at(op.dBias())}, (taps + 1L) * y.c(),
                        (g, id, c, m, at) -> g.task(id, TensorGemm::sumParts, c, m, at, parts, taps, y.c()))))
                .withScratch((long) parts * TensorGemm.part(taps, y.c())).withAlgorithm(label(TensorGemm.LABEL, parts));
    }

    /** As many parts as make so many groups, but for those that would be too short. */
    private static int slicesOfPart(long slices, long fewest, long tiles, long groups) {
        return (int) Launch.ceilDiv(slices, Math.min(Math.max(1, slices / fewest), Launch.ceilDiv(groups, tiles)));
    }

    private static String label(String tile, int parts) {
        return tile + (parts > 1 ? ", " + parts + " parts" : "");
    }

    private int outputs() {
        return y.n() * y.h() * y.w();
    }

    private Launch launch(String kernel, int pass, int[] at, long tiles, int products, int parts, int slices, GemmTile tile) {
        return Launch.groups(kernel, at, tiles, products, parts, ImplicitGemm.GROUP,
                (g, id, c, m, places) -> g.task(id, ImplicitGemm::product, c, m, places, pass, x.n(), x.h(), x.w(), x.c(), y.c(), w.h(), w.w(), y.h(), y.w(),
                        window.stride(), window.top(), window.left(), slices, tile.side()));
    }

    private Launch tensor(String kernel, int pass, int[] at, long groupsX, int groupsY, int slices) {
        return Launch.groups(kernel, at, groupsX, groupsY, 1, TensorGemm.GROUP,
                (g, id, c, m, places) -> g.task(id, TensorGemm::product, c, m, places, pass, x.n(), x.h(), x.w(), x.c(), y.c(), w.h(), w.w(), y.h(), y.w(),
                        window.stride(), window.top(), window.left(), slices));
    }
}
