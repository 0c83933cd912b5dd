package sirocco.tornado.kernel;

import java.util.List;
import java.util.function.Function;
import sirocco.api.Convolution;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/**
 * A convolution's passes as launches of {@link ImplicitGemm}, in bf16 of {@link TensorGemm}; a linear layer and a 1×1 convolution are the same with one
 * tap. Shapes decide about everything, the device about nothing, so that sums have the same order on all.
 */
final class ConvolutionKernels {
    /** Steps of the depth that are worth a part of a sum: fewer, and the parts' sums cost more than what they are made of. */
    private static final int FEWEST_STEPS = 256;

    private final Shape x;
    private final Shape w;
    private final Shape y;
    private final Window window;

    private ConvolutionKernels(Value x, Value w, Value y, Window window) {
        this.x = x.shape();
        this.w = w.shape();
        this.y = y.shape();
        this.window = window;
    }

    static Kernel of(Convolution.Conv2d op, Precision precision) {
        ConvolutionKernels z = new ConvolutionKernels(op.x(), op.w(), op.y(), op.window());
        return z.image(precision, "conv2d", ImplicitGemm.FORWARD, z.outputs(), z.w.imageElements(), 1, z.y,
                p -> new int[] {p.at(op.x()), p.at(op.w()), p.at(op.y()), p.at(op.bias()), p.at(op.perChannel()), p.at(op.residual())});
    }

    static Kernel of(Convolution.Conv2dBackwardData op, Precision precision) {
        ConvolutionKernels z = new ConvolutionKernels(op.dx(), op.w(), op.dy(), op.window());
        int stride = z.window.stride();
        long pixelsOfPhase = z.x.n() * Launch.ceilDiv(z.x.h(), stride) * Launch.ceilDiv(z.x.w(), stride);
        long tapsOfPhase = Launch.ceilDiv(z.window.kernelH(), stride) * Launch.ceilDiv(z.window.kernelW(), stride) * z.y.c();
        return z.image(precision, "conv2dBackwardData", ImplicitGemm.DATA, pixelsOfPhase, tapsOfPhase, stride * stride, z.x,
                p -> new int[] {p.at(op.dy()), p.at(op.w()), p.at(op.dx()), -1, -1, -1});
    }

    static Kernel of(Convolution.Conv2dBackwardWeights op, Precision precision) {
        ConvolutionKernels z = new ConvolutionKernels(op.x(), op.dw(), op.dy(), op.window());
        long depth = z.w.imageElements();
        long most = mostParts(z.outputs());
        GemmTile tile = GemmTile.choose(precision, depth, z.y.c(), most);
        long tiles = tile.count(depth, z.y.c());
        long slices = Launch.ceilDiv(z.outputs(), tile.depth());
        int slicesOfPart = slicesOfPart(slices, most, tiles, tile);
        int parts = (int) Launch.ceilDiv(slices, slicesOfPart);
        int weights = (int) z.w.elements();
        return Kernel.of(p -> List.of(
                z.launch("conv2dBackwardWeights", ImplicitGemm.WEIGHTS, new int[] {p.at(op.x()), p.at(op.dy()), p.scratch()}, tiles, 1, parts, slicesOfPart, tile),
                Launch.items("conv2dSumParts", new int[] {p.scratch(), p.at(op.dw()), p.at(op.dBias())}, weights + z.y.c(),
                        (g, id, c, m, at) -> g.task(id, Parts::accumulate, c, m, at, parts, weights, z.y.c()))))
                .withScratch((long) parts * (weights + z.y.c())).withAlgorithm(label(tile.label(), parts));
    }

    /**
     * FORWARD or DATA, as products of so many rows and such a depth at most. The depth is divided where even the smallest tiles leave most of a large
     * device idle.
     *
     * @param at as the kernel wants it
     */
    private Kernel image(Precision precision, String kernel, int pass, long rows, long depth, int products, Shape result, Function<Places, int[]> at) {
        GemmTile smallest = precision == Precision.BF16 ? GemmTile.TENSOR : GemmTile.SMALL;
        boolean idle = 2 * products * smallest.count(rows, result.c()) < smallest.groups();
        long most = idle ? mostParts(depth) : 1;
        GemmTile tile = GemmTile.choose(precision, rows, result.c(), products * most);
        long tiles = tile.count(rows, result.c());
        long slices = Launch.ceilDiv(depth, tile.depth());
        int slicesOfPart = slicesOfPart(slices, most, products * tiles, tile);
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

    /** As many parts as make enough groups, but for those that would be too short. */
    private static int slicesOfPart(long slices, long most, long tiles, GemmTile tile) {
        return (int) Launch.ceilDiv(slices, Math.min(most, Launch.ceilDiv(tile.groups(), tiles)));
    }

    private static long mostParts(long depth) {
        return Math.max(1, depth / FEWEST_STEPS);
    }

    private static String label(String tile, int parts) {
        return tile + (parts > 1 ? ", " + parts + " parts" : "");
    }

    private int outputs() {
        return y.n() * y.h() * y.w();
    }

    private Launch launch(String kernel, int pass, int[] at, long tiles, int products, int parts, int slices, GemmTile tile) {
        if (tile == GemmTile.TENSOR) {
            return Launch.groups(kernel + "Bf16", at, tiles, products, parts, TensorGemm.GROUP,
                    (g, id, c, m, places) -> g.task(id, TensorGemm::product, c, m, places, pass, x.n(), x.h(), x.w(), x.c(), y.c(), w.h(), w.w(), y.h(), y.w(),
                            window.stride(), window.top(), window.left(), slices));
        }
        return Launch.groups(kernel, at, tiles, products, parts, ImplicitGemm.GROUP,
                (g, id, c, m, places) -> g.task(id, ImplicitGemm::product, c, m, places, pass, x.n(), x.h(), x.w(), x.c(), y.c(), w.h(), w.w(), y.h(), y.w(),
                        window.stride(), window.top(), window.left(), slices, tile.side()));
    }
}
