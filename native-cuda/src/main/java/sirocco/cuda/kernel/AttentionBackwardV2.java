package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Attention;

/** attention_backward_v2.cu: a tile of queries a block for dq, then one of keys for dk and dv, in float32. */
final class AttentionBackwardV2 implements Variant<Attention.Backward> {
    @Override
    public String name() {
        return "v2";
    }

    @Override
    public boolean fits(Attention.Backward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        return target.activations() == Storage.F32 && tiles.fits() && sharedBytes(tiles) <= target.sharedBytes();
    }

    private static int rows(HeadTiles tiles) {
        return tiles.padded() > 128 ? 32 : 64;
    }

    private static int sharedBytes(HeadTiles tiles) {
        int rows = rows(tiles);
        return tiles.bytes(4 * rows, Float.BYTES) + AttentionV2.passedBytes(rows, rows);
    }

    @Override
    public Kernel kernel(Attention.Backward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        int rows = rows(tiles);
        int shared = sharedBytes(tiles);
        return Kernel.of(m -> List.of(
                tiles.rowSums(Storage.F32, m.at(op.y()), m.at(op.dy()), m.scratch()),
                tiles.launch(tiles.kernel("attention_backward_q_v2", "f32"), rows, 256, shared, m.at(op.q()), m.at(op.k()), m.at(op.v()),
                        m.at(op.logSumExp()), m.at(op.dy()), m.scratch(), tiles.length(), tiles.q().c(), tiles.headSize(), m.at(op.dq())),
                tiles.launch(tiles.kernel("attention_backward_kv_v2", "f32"), rows, 256, shared, m.at(op.q()), m.at(op.k()), m.at(op.v()),
                        m.at(op.logSumExp()), m.at(op.dy()), m.scratch(), tiles.length(), tiles.q().c(), tiles.headSize(), m.at(op.dk()), m.at(op.dv()))))
                .withScratch(tiles.rowSumBytes());
    }
}
