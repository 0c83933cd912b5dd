package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Normalization;
import sirocco.api.Shape;

/** group_norm_v1.cu: a thread block for each group of an image, three reads of it. */
final class GroupNormV1 implements Variant<Normalization.GroupNorm> {
    @Override
    public String name() {
        return "v1";
    }

    @Override
    public boolean fits(Normalization.GroupNorm op, Target target) {
        return true;
    }

    @Override
    public Kernel kernel(Normalization.GroupNorm op, Target target) {
        Shape s = op.x().shape();
        return Kernel.of(m -> List.of(Launch.blocks(target.activations().kernel("group_norm_v1"), op.groups(), s.n(), 1, m.at(op.x()), m.at(op.gamma()),
                m.at(op.beta()), s.h() * s.w(), s.c(), op.groups(), op.eps(), op.silu() ? 1 : 0, m.at(op.y()), m.at(op.stats()))));
    }
}
