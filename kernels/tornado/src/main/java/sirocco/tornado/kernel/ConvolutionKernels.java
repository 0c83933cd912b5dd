package sirocco.tornado.kernel;

import java.util.List;
import java.util.function.Function;
import sirocco.api.Convolution;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.gpu.ConvShape;
import sirocco.gpu.SplitK;

/**
 * A convolution's passes as launches of {@link ImplicitGemm}, in bf16 of {@link TensorGemm}; a linear layer and a 1×1 convolution are the same with one
 * tap. Shapes decide about everything, the device about nothing, so that sums have the same order on all.
 */
final class ConvolutionKernels {
    /** Steps of the depth that are worth a part of a sum: fewer, and the parts' sums cost more than what they are made of. */
    private static final int FEWEST_STEPS = 256;

    private final ConvShape z;

    private ConvolutionKernels(ConvShape z) {
        this.z = z;
    }

    static Kernel of(Convolution.Conv2d op, Precision precision) {
        ConvShape z = ConvShape.of(op.x(), op.w(), op.window());
        return new ConvolutionKernels(z).image(precision, "conv2d", ImplicitGemm.FORWARD, z.outputs(), z.depth(), 1, op.y().shape(),
                p -> new int[] {p.at(op.x()), p.at(op.w()), p.at(op.y()), p.at(op.bias()), p.at(op.perChannel()), p.at(op.residual())});
    }

    static Kernel of(Convolution.Conv2dBackwardData op, Precision precision) {
        ConvShape z = ConvShape.of(op.dx(), op.w(), op.window());
        long pixelsOfPhase = z.n() * Launch.ceilDiv(z.h(), z.stride()) * Launch.ceilDiv(z.w(), z.stride());
        long tapsOfPhase = Launch.ceilDiv(z.r(), z.stride()) * Launch.ceilDiv(z.s(), z.stride()) * z.k();
        return new ConvolutionKernels(z).image(precision, "conv2dBackwardData", ImplicitGemm.DATA, pixelsOfPhase, tapsOfPhase, z.stride() * z.stride(),
                op.dx().shape(), p -> new int[] {p.at(op.dy()), p.at(op.w()), p.at(op.dx()), -1, -1, -1});
    }

    static Kernel of(Convolution.Conv2dBackwardWeights op, Precision precision) {
        ConvShape z = ConvShape.of(op.x(), op.dw(), op.window());
        long most = mostSplits(z.outputs());
        GemmTile tile = GemmTile.choose(precision, z.depth(), z.k(), most);
        long tiles = tile.count(z.depth(), z.k());
        SplitK split = split(z.outputs(), most, tiles, tile);
        int parts = split.splits();
        int weights = z.weights();
        return Kernel.of(p -> List.of(
                new ConvolutionKernels(z).launch("conv2dBackwardWeights", ImplicitGemm.WEIGHTS, new int[] {p.at(op.x()), p.at(op.dy()), p.scratch()}, tiles, 1,
                        split, tile),
                Launch.items("conv2dSumParts", new int[] {p.scratch(), p.at(op.dw()), p.at(op.dBias())}, weights + z.k(),
                        (g, id, c, m, at) -> g.task(id, Parts::accumulate, c, m, at, parts, weights, z.k()))))
                .withScratch((long) parts * (weights + z.k())).withAlgorithm(split.label(tile.label()));
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
        long most = idle ? mostSplits(depth) : 1;
        GemmTile tile = GemmTile.choose(precision, rows, result.c(), products * most);
        long tiles = tile.count(rows, result.c());
        SplitK split = split(depth, most, products * tiles, tile);
        int parts = split.splits();
        if (parts == 1) {
            return Kernel.of(p -> List.of(launch(kernel, pass, at.apply(p), tiles, products, split, tile))).withAlgorithm(tile.label());
        }
        int elements = (int) result.elements();
        int each = (int) result.imageElements();
        return Kernel.of(p -> {
            int[] whole = at.apply(p);
            return List.of(launch(kernel, pass, new int[] {whole[0], whole[1], p.scratch(), -1, -1, -1}, tiles, products, split, tile),
                    Parts.sum(kernel + "SumParts", new int[] {p.scratch(), whole[2], whole[3], whole[4], whole[5]}, parts, elements, each, result.c()));
        }).withScratch((long) parts * elements).withAlgorithm(split.label(tile.label()));
    }

    /** As many partial sums as make enough groups, but for those that would be too short. */
    private static SplitK split(long depth, long most, long tiles, GemmTile tile) {
        return SplitK.of(Launch.ceilDiv(depth, tile.depth()), Math.min(most, Launch.ceilDiv(tile.groups(), tiles)));
    }

    private static long mostSplits(long depth) {
        return Math.max(1, depth / FEWEST_STEPS);
    }

    private Launch launch(String kernel, int pass, int[] at, long tiles, int products, SplitK split, GemmTile tile) {
        int slices = split.tilesPerSplit();
        if (tile == GemmTile.TENSOR) {
            return Launch.groups(kernel + "Bf16", at, tiles, products, split.splits(), TensorGemm.GROUP,
                    (g, id, c, m, places) -> g.task(id, TensorGemm::product, c, m, places, pass, z.n(), z.h(), z.w(), z.c(), z.k(), z.r(), z.s(), z.oh(), z.ow(),
                            z.stride(), z.top(), z.left(), slices));
        }
        return Launch.groups(kernel, at, tiles, products, split.splits(), ImplicitGemm.GROUP,
                (g, id, c, m, places) -> g.task(id, ImplicitGemm::product, c, m, places, pass, z.n(), z.h(), z.w(), z.c(), z.k(), z.r(), z.s(), z.oh(), z.ow(),
                        z.stride(), z.top(), z.left(), slices, tile.side()));
    }
}
