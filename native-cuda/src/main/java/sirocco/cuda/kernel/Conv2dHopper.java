package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;

/** conv2d_v5.cu: boxes of pixels, one tap after the other, times weights. */
record Conv2dHopper(HopperGemm level) implements Variant<Convolution.Conv2d> {
    @Override
    public String name() {
        return level.name();
    }

    @Override
    public boolean fits(Convolution.Conv2d op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.w(), op.window());
        return level.fits(target, s, s.c());
    }

    @Override
    public Kernel kernel(Convolution.Conv2d op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.w(), op.window());
        HopperGemm.Choice gemm = level.choose("conv2d", target, s.outputs(), s.k(), 1);
        PixelBox box = PixelBox.of(gemm.tile().rows(), s.n(), s.oh(), s.ow(), s.stride());
        long tiles = box.count(s.n(), s.oh(), s.ow()) * Launch.blocks(s.k(), gemm.tile().columns());
        return Kernel.of(m -> List.of(gemm.launch(target, tiles, 1, TensorMap.images(m.at(op.x()), s.n(), s.h(), s.w(), s.c(), box, s.stride()),
                TensorMap.weights(m.weights(op.w()), s, gemm.tile().columns()), m.at(op.bias()), m.at(op.perChannel()), m.at(op.residual()), Structure.of(s),
                box.argument(), m.at(op.y())))).withWeights(op.w(), target).withAlgorithm(gemm.algorithm());
    }
}
