package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Op;

/** The three passes of a convolution, and their variants. */
final class Convolutions {
    private final Target target;
    private final KernelRule rule;
    private final List<Variant<Op.Conv2d>> forward;
    private final List<Variant<Op.Conv2dBackwardData>> backwardData;
    private final List<Variant<Op.Conv2dBackwardWeights>> backwardWeights;

    Convolutions(Target target, KernelRule rule, Sums sums) {
        this.target = target;
        this.rule = rule;
        forward = List.of(new Conv2dV1());
        backwardData = List.of(new Conv2dBackwardDataV1());
        backwardWeights = List.of(new Conv2dBackwardWeightsV1(sums));
    }

    Kernel forward(Op.Conv2d op) {
        return rule.choose("conv2d", forward, op, target);
    }

    Kernel backwardData(Op.Conv2dBackwardData op) {
        return rule.choose("conv2d_backward_data", backwardData, op, target);
    }

    Kernel backwardWeights(Op.Conv2dBackwardWeights op) {
        return rule.choose("conv2d_backward_weights", backwardWeights, op, target);
    }
}
