package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Normalization;

/** group_norm_v3.cu: some groups of an image a block, held in shared memory; one read of the tensor. */
final class GroupNormV3 implements Variant<Normalization.GroupNorm> {
    @Override
    public String name() {
        return "v3";
    }

    private static NormSlabs slabs(Normalization.GroupNorm op, Target target) {
        return new NormSlabs(op.x().shape(), op.groups(), target, 1);
    }

    @Override
    public boolean fits(Normalization.GroupNorm op, Target target) {
        return slabs(op, target).holdsAllPixels();
    }

    @Override
    public Kernel kernel(Normalization.GroupNorm op, Target target) {
        NormSlabs slabs = slabs(op, target);
        int width = slabs.heldWidth();
        return Kernel.of(m -> List.of(slabs.launch(target.activations().kernel("group_norm_v3"), width, 1, slabs.heldShared(width), m.at(op.x()),
                m.at(op.gamma()), m.at(op.beta()), slabs.pixels(), slabs.x().c(), op.groups(), op.eps(), op.silu() ? 1 : 0, width, m.at(op.y()),
                m.at(op.stats()))));
    }
}
