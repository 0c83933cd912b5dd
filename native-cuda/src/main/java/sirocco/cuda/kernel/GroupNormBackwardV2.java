package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Normalization;

/** group_norm_backward_v2.cu: pieces of an image's pixels a block, first their sums, then dx; then the parameters' gradients over images. */
final class GroupNormBackwardV2 implements Variant<Normalization.GroupNormBackward> {
    @Override
    public String name() {
        return "v2";
    }

    private static NormSlabs slabs(Normalization.GroupNormBackward op, Target target) {
        return new NormSlabs(op.x().shape(), op.groups(), target, 2);
    }

    @Override
    public boolean fits(Normalization.GroupNormBackward op, Target target) {
        return slabs(op, target).fitsInPieces();
    }

    @Override
    public Kernel kernel(Normalization.GroupNormBackward op, Target target) {
        NormSlabs s = slabs(op, target);
        int width = s.pieceWidth();
        int piece = s.piecePixels();
        long sums = 2L * s.x().n() * s.x().c() * Float.BYTES;
        int silu = op.silu() ? 1 : 0;
        Storage t = target.activations();
        return Kernel.of(m -> List.of(
                s.launch(t.kernel("group_norm_backward_measure_v2"), width, s.pieces(), s.sumBytes(width), m.at(op.x()), m.at(op.stats()), m.at(op.gamma()),
                        m.at(op.beta()), m.at(op.dy()), s.pixels(), s.x().c(), op.groups(), silu, width, piece, m.scratch() + sums),
                s.launch(t.kernel("group_norm_backward_apply_v2"), width, s.pieces(), 4L * width * Float.BYTES, m.at(op.x()), m.at(op.stats()),
                        m.at(op.gamma()), m.at(op.beta()), m.at(op.dy()), m.at(op.addend()), m.scratch() + sums, s.pixels(), s.x().c(), op.groups(), silu, width,
                        piece, m.at(op.dx()), m.scratch()),
                NormSlabs.parameters(s.x(), m.scratch(), m.at(op.dGamma()), m.at(op.dBeta()))))
                .withScratch(sums * (1 + s.pieces()));
    }
}
