package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.List;
import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;

/** conv2d_backward_weights_v1.cu: as {@link Conv2dV1}, summing over all output pixels; the bias's gradient is a sum of columns. */
final class Conv2dBackwardWeightsV1 implements Variant<Convolution.Conv2dBackwardWeights> {
    private final Sums sums;

    Conv2dBackwardWeightsV1(Sums sums) {
        this.sums = sums;
    }

    @Override
    public String name() {
        return "v1";
    }

    @Override
    public boolean fits(Convolution.Conv2dBackwardWeights op, Target target) {
        return true;
    }

    @Override
    public Kernel kernel(Convolution.Conv2dBackwardWeights op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.dw(), op.window());
        Sums.Columns bias = new Sums.Columns(1, s.outputs(), s.k());
        return Kernel.of(m -> {
            List<Launch> launches = new ArrayList<>();
            launches.add(Conv2dV1.tiles(target.activations().kernel("conv2d_backward_weights_v1"), s.k(), s.depth(), m.at(op.x()), m.at(op.dy()), Structure.of(s),
                    m.at(op.dw())));
            op.dBias().ifPresent(d -> launches.addAll(sums.columns(bias, m.at(op.dy()), m.scratch(), m.at(d), true)));
            return launches;
        }).withScratch(op.dBias().isPresent() ? bias.scratchBytes() : 0);
    }
}
