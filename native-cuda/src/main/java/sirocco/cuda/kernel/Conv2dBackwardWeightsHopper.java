package sirocco.cuda.kernel;

import sirocco.api.Convolution;

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
        HopperGemm.Choice gemm = level.choose("conv2d_backward_weights", target, s.k(), s.depth(), WeightsGradientParts.most(slices));
        long tiles = Launch.blocks(s.k(), gemm.tile().rows()) * s.r() * s.s() * Launch.blocks(s.c(), gemm.tile().columns());
        WeightsGradientParts parts = WeightsGradientParts.of(target, tiles, slices);
        return parts.kernel(op, s, sums, gemm.algorithm(), (m, to) -> gemm.launch(target, tiles, parts.count(),
                TensorMap.images(m.at(op.x()), s.n(), s.h(), s.w(), s.c(), box, s.stride()),
                TensorMap.images(m.at(op.dy()), s.n(), s.oh(), s.ow(), s.k(), box, 1), s.argument(), box.argument(), parts.slicesOfPart(), to));
    }
}
