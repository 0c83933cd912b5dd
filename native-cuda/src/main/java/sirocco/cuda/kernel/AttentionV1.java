package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Attention;
import sirocco.api.Shape;

/** attention_v1.cu: a warp for each query, one key after the other; any length, any head size. */
final class AttentionV1 implements Variant<Attention.Forward> {
    /** Queries of a thread block: a warp each. */
    static final int WARPS = Launch.BLOCK / 32;

    @Override
    public String name() {
        return "v1";
    }

    @Override
    public boolean fits(Attention.Forward op, Target target) {
        return sharedBytes(op.q().shape().c() / op.heads(), 2) <= target.sharedBytes();
    }

    /** A warp's vectors of a head's size, in shared memory. */
    static int sharedBytes(int headSize, int vectors) {
        return WARPS * vectors * headSize * Float.BYTES;
    }

    /** A warp for each row of each head of each image. */
    static Launch rows(String kernel, Shape s, int heads, int vectors, Object... arguments) {
        return Launch.blocks(kernel, Launch.blocks(s.h() * s.w(), WARPS), heads, s.n(), arguments).withShared(sharedBytes(s.c() / heads, vectors));
    }

    @Override
    public Kernel kernel(Attention.Forward op, Target target) {
        Shape s = op.q().shape();
        return Kernel.of(m -> List.of(rows(target.activations().kernel("attention_v1"), s, op.heads(), 2, m.at(op.q()), m.at(op.k()), m.at(op.v()),
                s.h() * s.w(), s.c(), s.c() / op.heads(), m.at(op.y()), m.at(op.logSumExp()))));
    }
}
