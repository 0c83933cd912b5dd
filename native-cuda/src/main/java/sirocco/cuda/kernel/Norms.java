package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Op;

/** GroupNorm forward and backward, and their variants. */
final class Norms {
    private final Target target;
    private final KernelRule rule;
    private final List<Variant<Op.GroupNorm>> forward = List.of(new GroupNormV3(), new GroupNormV2(), new GroupNormV1());
    private final List<Variant<Op.GroupNormBackward>> backward = List.of(new GroupNormBackwardV3(), new GroupNormBackwardV2(), new GroupNormBackwardV1());

    Norms(Target target, KernelRule rule) {
        this.target = target;
        this.rule = rule;
    }

    Kernel forward(Op.GroupNorm op) {
        return rule.choose("group_norm", forward, op, target);
    }

    Kernel backward(Op.GroupNormBackward op) {
        return rule.choose("group_norm_backward", backward, op, target);
    }
}
