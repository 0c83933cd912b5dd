package sirocco.cuda.kernel;

import java.util.List;
import java.util.Map;
import sirocco.api.Attention;
import sirocco.gpu.OpNames;

/** Attention forward and backward, and their variants. */
final class Attentions {
    private static final String NAME = OpNames.of(Attention.Forward.class);
    private static final String BACKWARD_NAME = OpNames.of(Attention.Backward.class);
    private static final List<Variant<Attention.Forward>> FORWARD = List.of(new AttentionV3(), new AttentionV2(), new AttentionV1());
    private static final List<Variant<Attention.Backward>> BACKWARD =
            List.of(new AttentionBackwardV3(), new AttentionBackwardV2(), new AttentionBackwardV1());

    private final Target target;
    private final KernelRule rule;

    Attentions(Target target, KernelRule rule) {
        this.target = target;
        this.rule = rule;
    }

    static Map<String, List<String>> variants() {
        return Map.of(NAME, Variant.names(FORWARD), BACKWARD_NAME, Variant.names(BACKWARD));
    }

    Kernel forward(Attention.Forward op) {
        return rule.choose(NAME, FORWARD, op, target);
    }

    Kernel backward(Attention.Backward op) {
        return rule.choose(BACKWARD_NAME, BACKWARD, op, target);
    }
}
