package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;

/** conv2d_backward_data_v2.cu and later: a product for each phase of the stride, since pixels of a phase meet the same taps. */
record Conv2dBackwardDataGemm(ImplicitGemm level) implements Variant<Convolution.Conv2dBackwardData> {
    @Override
    public String name() {
        return level.name();
    }

    @Override
    public boolean fits(Convolution.Conv2dBackwardData op, Target target) {
        return level.fits(target);
    }

    @Override
    public Kernel kernel(Convolution.Conv2dBackwardData op, Target target) {
        ConvShape s = ConvShape.of(op.dx(), op.w(), op.window());
        int largest = Math.toIntExact(s.n() * Launch.blocks(s.h(), s.stride()) * Launch.blocks(s.w(), s.stride()));
        ImplicitGemm.Choice gemm = level.choose("conv2d_backward_data", target, largest, s.c(), 1, s.c(), s.k());
        return Kernel.of(m -> List.of(gemm.launch(gemm.tiles(largest, s.c()), s.stride() * s.stride(), m.at(op.dy()), m.weights(op.w()), Structure.of(s),
                m.at(op.dx())))).withWeights(op.w(), target).withAlgorithm(gemm.algorithm());
    }
}
