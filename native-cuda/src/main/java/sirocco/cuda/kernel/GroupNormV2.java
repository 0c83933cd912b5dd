package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Normalization;

/** group_norm_v2.cu: pieces of an image's pixels a block, first their statistics, then the result; two reads of the tensor. */
final class GroupNormV2 implements Variant<Normalization.GroupNorm> {
    @Override
    public String name() {
        return "v2";
    }

    private static NormSlabs slabs(Normalization.GroupNorm op, Target target) {
        return new NormSlabs(op.x().shape(), op.groups(), target, 1);
    }

    @Override
    public boolean fits(Normalization.GroupNorm op, Target target) {
        return slabs(op, target).fitsInPieces();
    }

    @Override
    public Kernel kernel(Normalization.GroupNorm op, Target target) {
        NormSlabs s = slabs(op, target);
        int width = s.pieceWidth();
        int piece = s.piecePixels();
        Storage t = target.activations();
        return Kernel.of(m -> List.of(
                s.launch(t.kernel("group_norm_measure_v2"), width, s.pieces(), s.heldShared(piece, width), m.at(op.x()), s.pixels(), s.x().c(), op.groups(),
                        width, piece, m.scratch()),
                s.launch(t.kernel("group_norm_apply_v2"), width, s.pieces(), 2L * width * Float.BYTES, m.at(op.x()), m.at(op.gamma()), m.at(op.beta()),
                        m.scratch(), s.pixels(), s.x().c(), op.groups(), op.eps(), op.silu() ? 1 : 0, width, piece, m.at(op.y()), m.at(op.stats()))))
                .withScratch(2L * s.x().n() * s.pieces() * op.groups() * Float.BYTES);
    }
}
