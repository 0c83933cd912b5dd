package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Normalization;

/** group_norm_backward_v3.cu: x and dy of some groups of an image a block, held in shared memory; then the parameters' gradients over images. */
final class GroupNormBackwardV3 implements Variant<Normalization.GroupNormBackward> {
    @Override
    public String name() {
        return "v3";
    }

    private static NormSlabs slabs(Normalization.GroupNormBackward op, Target target) {
        return new NormSlabs(op.x().shape(), op.groups(), target, 2);
    }

    @Override
    public boolean fits(Normalization.GroupNormBackward op, Target target) {
        return slabs(op, target).holdsAllPixels();
    }

    @Override
    public Kernel kernel(Normalization.GroupNormBackward op, Target target) {
        NormSlabs s = slabs(op, target);
        int width = s.heldWidth();
        return Kernel.of(m -> List.of(
                s.launch(target.activations().kernel("group_norm_backward_v3"), width, 1, s.heldShared(width), m.at(op.x()), m.at(op.stats()), m.at(op.gamma()),
                        m.at(op.beta()), m.at(op.dy()), m.at(op.addend()), s.pixels(), s.x().c(), op.groups(), op.silu() ? 1 : 0, width, m.at(op.dx()),
                        m.scratch()),
                NormSlabs.parameters(s.x(), m.scratch(), m.at(op.dGamma()), m.at(op.dBeta()))))
                .withScratch(2L * s.x().n() * s.x().c() * Float.BYTES);
    }
}
