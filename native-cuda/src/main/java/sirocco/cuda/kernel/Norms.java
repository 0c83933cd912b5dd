package sirocco.cuda.kernel;

import java.util.List;
import java.util.Map;
import sirocco.api.Normalization;
import sirocco.gpu.OpNames;

/** GroupNorm forward and backward, and their variants. */
final class Norms {
    private static final String NAME = OpNames.of(Normalization.GroupNorm.class);
    private static final String BACKWARD_NAME = OpNames.of(Normalization.GroupNormBackward.class);
    private static final List<Variant<Normalization.GroupNorm>> FORWARD = List.of(new GroupNormV3(), new GroupNormV2(), new GroupNormV1());
    private static final List<Variant<Normalization.GroupNormBackward>> BACKWARD =
            List.of(new GroupNormBackwardV3(), new GroupNormBackwardV2(), new GroupNormBackwardV1());

    private final Target target;
    private final KernelRule rule;

    Norms(Target target, KernelRule rule) {
        this.target = target;
        this.rule = rule;
    }

    static Map<String, List<String>> variants() {
        return Map.of(NAME, Variant.names(FORWARD), BACKWARD_NAME, Variant.names(BACKWARD));
    }

    Kernel forward(Normalization.GroupNorm op) {
        return rule.choose(NAME, FORWARD, op, target);
    }

    Kernel backward(Normalization.GroupNormBackward op) {
        return rule.choose(BACKWARD_NAME, BACKWARD, op, target);
    }
}
