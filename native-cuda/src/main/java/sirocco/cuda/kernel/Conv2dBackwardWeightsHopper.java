package sirocco.cuda.kernel;

import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;
import sirocco.gpu.SplitK;

/** conv2d_backward_weights_v5.cu: sums over boxes of 64 pixels, in parts. */
record Conv2dBackwardWeightsHopper(HopperGemm level, Sums sums) implements Variant<Convolution.Conv2dBackwardWeights> {
    @Override
    public String name() {
        return level.name();
    }

    @Override
    public boolean fits(Convolution.Conv2dBackwardWeights op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.dw(), op.window());
        return level.fits(target, s, s.c(), s.k());
    }

    @Override
    public Kernel kernel(Convolution.Conv2dBackwardWeights op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.dw(), op.window());
        PixelBox box = PixelBox.of(HopperGemm.DEPTH, s.n(), s.oh(), s.ow(), s.stride());
        int slices = box.count(s.n(), s.oh(), s.ow());
        HopperGemm.Choice gemm = level.choose("conv2d_backward_weights", target, s.k(), s.depth(), WeightsGradient.mostSplits(slices));
        long tiles = Launch.blocks(s.k(), gemm.tile().rows()) * s.r() * s.s() * Launch.blocks(s.c(), gemm.tile().columns());
        SplitK split = WeightsGradient.split(target, tiles, slices);
        return WeightsGradient.kernel(op, s, split, sums, gemm.algorithm(), (m, to) -> gemm.launch(target, tiles, split.splits(),
                TensorMap.images(m.at(op.x()), s.n(), s.h(), s.w(), s.c(), box, s.stride()),
                TensorMap.images(m.at(op.dy()), s.n(), s.oh(), s.ow(), s.k(), box, 1), Structure.of(s), box.argument(), split.tilesPerSplit(), to));
    }
}
