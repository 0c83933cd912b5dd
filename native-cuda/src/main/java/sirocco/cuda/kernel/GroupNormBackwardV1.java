package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Normalization;
import sirocco.api.Shape;

/** group_norm_backward_v1.cu: a thread block for each group of an image, two reads of it; then the parameters' gradients over images. */
final class GroupNormBackwardV1 implements Variant<Normalization.GroupNormBackward> {
    @Override
    public String name() {
        return "v1";
    }

    @Override
    public boolean fits(Normalization.GroupNormBackward op, Target target) {
        return true;
    }

    @Override
    public Kernel kernel(Normalization.GroupNormBackward op, Target target) {
        Shape s = op.x().shape();
        return Kernel.of(m -> List.of(
                Launch.blocks(target.activations().kernel("group_norm_backward_v1"), op.groups(), s.n(), 1, m.at(op.x()), m.at(op.stats()), m.at(op.gamma()),
                        m.at(op.beta()), m.at(op.dy()), m.at(op.addend()), s.h() * s.w(), s.c(), op.groups(), op.silu() ? 1 : 0, m.at(op.dx()), m.scratch()),
                NormSlabs.parameters(s, m.scratch(), m.at(op.dGamma()), m.at(op.dBeta()))))
                .withScratch(2L * s.n() * s.c() * Float.BYTES);
    }
}
