package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Attention;
import sirocco.api.Shape;

/** attention_backward_v1.cu: a warp for each query makes dq, then one for each key makes dk and dv; weights are computed again. */
final class AttentionBackwardV1 implements Variant<Attention.Backward> {
    @Override
    public String name() {
        return "v1";
    }

    @Override
    public boolean fits(Attention.Backward op, Target target) {
        return AttentionV1.sharedBytes(op.q().shape().c() / op.heads(), 4) <= target.sharedBytes();
    }

    @Override
    public Kernel kernel(Attention.Backward op, Target target) {
        Shape s = op.q().shape();
        int length = s.h() * s.w();
        int d = s.c() / op.heads();
        Storage t = target.activations();
        return Kernel.of(m -> List.of(
                AttentionV1.rows(t.kernel("attention_backward_q_v1"), s, op.heads(), 3, m.at(op.q()), m.at(op.k()), m.at(op.v()), m.at(op.y()),
                        m.at(op.logSumExp()), m.at(op.dy()), length, s.c(), d, m.at(op.dq()), m.scratch()),
                AttentionV1.rows(t.kernel("attention_backward_kv_v1"), s, op.heads(), 4, m.at(op.q()), m.at(op.k()), m.at(op.v()), m.at(op.logSumExp()),
                        m.at(op.dy()), m.scratch(), length, s.c(), d, m.at(op.dk()), m.at(op.dv())))).withScratch((long) s.n() * op.heads() * length * Float.BYTES);
    }
}
