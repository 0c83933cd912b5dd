package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;

/** conv2d_backward_data_v1.cu: as {@link Conv2dV1}, gathering the output pixels that an input pixel went into. */
final class Conv2dBackwardDataV1 implements Variant<Convolution.Conv2dBackwardData> {
    @Override
    public String name() {
        return "v1";
    }

    @Override
    public boolean fits(Convolution.Conv2dBackwardData op, Target target) {
        return true;
    }

    @Override
    public Kernel kernel(Convolution.Conv2dBackwardData op, Target target) {
        ConvShape s = ConvShape.of(op.dx(), op.w(), op.window());
        return Kernel.of(m -> List.of(Conv2dV1.tiles(target.activations().kernel("conv2d_backward_data_v1"), s.inputs(), s.c(), m.at(op.dy()), m.weights(op.w()),
                Structure.of(s), m.at(op.dx())))).withWeights(op.w(), target);
    }
}
