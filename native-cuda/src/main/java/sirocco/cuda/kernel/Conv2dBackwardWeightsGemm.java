package sirocco.cuda.kernel;

import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;
import sirocco.gpu.SplitK;

/**
 * conv2d_backward_weights_v2.cu and later: sums over pixels in parts, then the parts in order, added to the gradient; the bias's gradient is a
 * sum of columns.
 */
record Conv2dBackwardWeightsGemm(ImplicitGemm level, Sums sums) implements Variant<Convolution.Conv2dBackwardWeights> {
    @Override
    public String name() {
        return level.name();
    }

    @Override
    public boolean fits(Convolution.Conv2dBackwardWeights op, Target target) {
        return level.fits(target);
    }

    @Override
    public Kernel kernel(Convolution.Conv2dBackwardWeights op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.dw(), op.window());
        int slices = ImplicitGemm.slices(target, s.outputs());
        ImplicitGemm.Choice gemm = level.choose("conv2d_backward_weights", target, s.k(), s.depth(), WeightsGradient.mostSplits(slices), s.c(), s.k());
        long tiles = gemm.tiles(s.k(), s.depth());
        SplitK split = WeightsGradient.split(target, tiles, slices);
        return WeightsGradient.kernel(op, s, split, sums, gemm.algorithm(),
                (m, to) -> gemm.launch(tiles, split.splits(), m.at(op.x()), m.at(op.dy()), Structure.of(s), split.tilesPerSplit(), to));
    }
}
