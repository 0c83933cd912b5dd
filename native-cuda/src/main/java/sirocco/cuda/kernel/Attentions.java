package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Op;

/** Attention forward and backward, and their variants. */
final class Attentions {
    private final Target target;
    private final KernelRule rule;
    private final List<Variant<Op.Attention>> forward = List.of(new AttentionV3(), new AttentionV2(), new AttentionV1());
    private final List<Variant<Op.AttentionBackward>> backward = List.of(new AttentionBackwardV3(), new AttentionBackwardV2(), new AttentionBackwardV1());

    Attentions(Target target, KernelRule rule) {
        this.target = target;
        this.rule = rule;
    }

    Kernel forward(Op.Attention op) {
        return rule.choose("attention", forward, op, target);
    }

    Kernel backward(Op.AttentionBackward op) {
        return rule.choose("attention_backward", backward, op, target);
    }
}
