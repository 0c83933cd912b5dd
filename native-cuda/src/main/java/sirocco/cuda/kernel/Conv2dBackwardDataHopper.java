package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;

/** conv2d_backward_data_v5.cu: a product for each phase of the stride, as {@link Conv2dBackwardDataGemm}. */
record Conv2dBackwardDataHopper(HopperGemm level) implements Variant<Convolution.Conv2dBackwardData> {
    @Override
    public String name() {
        return level.name();
    }

    @Override
    public boolean fits(Convolution.Conv2dBackwardData op, Target target) {
        ConvShape s = ConvShape.of(op.dx(), op.w(), op.window());
        return level.fits(target, s, s.c(), s.k());
    }

    @Override
    public Kernel kernel(Convolution.Conv2dBackwardData op, Target target) {
        ConvShape s = ConvShape.of(op.dx(), op.w(), op.window());
        int height = (int) Launch.blocks(s.h(), s.stride());
        int width = (int) Launch.blocks(s.w(), s.stride());
        HopperGemm.Choice gemm = level.choose("conv2d_backward_data", target, s.n() * height * width, s.c(), 1);
        PixelBox box = PixelBox.of(gemm.tile().rows(), s.n(), height, width, 1);
        long tiles = box.count(s.n(), height, width) * Launch.blocks(s.c(), gemm.tile().columns());
        return Kernel.of(m -> List.of(gemm.launch(target, tiles, s.stride() * s.stride(),
                TensorMap.images(m.at(op.dy()), s.n(), s.oh(), s.ow(), s.k(), box, 1), TensorMap.weights(m.weights(op.w()), s, HopperGemm.DEPTH),
                Structure.of(s), box.argument(), m.at(op.dx())))).withWeights(op.w(), target).withAlgorithm(gemm.algorithm());
    }
}
