package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;

/** conv2d_v2.cu and later: pixels' windows [n·oh·ow, r·s·c] times weights [r·s·c, k], gathered as they are needed. */
record Conv2dGemm(ImplicitGemm level) implements Variant<Convolution.Conv2d> {
    @Override
    public String name() {
        return level.name();
    }

    @Override
    public boolean fits(Convolution.Conv2d op, Target target) {
        return level.fits(target);
    }

    @Override
    public Kernel kernel(Convolution.Conv2d op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.w(), op.window());
        ImplicitGemm.Choice gemm = level.choose("conv2d", target, s.outputs(), s.k(), 1, s.c());
        return Kernel.of(m -> List.of(gemm.launch(gemm.tiles(s.outputs(), s.k()), 1, m.at(op.x()), m.weights(op.w()), m.at(op.bias()),
                m.at(op.perChannel()), m.at(op.residual()), Structure.of(s), m.at(op.y())))).withWeights(op.w(), target).withAlgorithm(gemm.algorithm());
    }
}
