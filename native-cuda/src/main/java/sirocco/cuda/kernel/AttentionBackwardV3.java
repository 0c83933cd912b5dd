package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Attention;

/** attention_backward_v3.cu: 64 queries a block for dq, then 64 keys for dk and dv, on tensor cores. */
final class AttentionBackwardV3 implements Variant<Attention.Backward> {
    private static final int ROWS = AttentionV3.ROWS;

    @Override
    public String name() {
        return "v3";
    }

    @Override
    public boolean fits(Attention.Backward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        return AttentionV3.usesTensorCores(target) && tiles.fits() && keysShared(tiles, target) <= target.sharedBytes();
    }

    /** Rows that come by at once. */
    private static int passing(HeadTiles tiles) {
        return tiles.padded() > 128 ? 32 : 64;
    }

    /** Warps that share 16 keys: the sums of a head of 256 are too many for one. */
    private static int split(HeadTiles tiles) {
        return tiles.padded() > 128 ? 2 : 1;
    }

    private static int queriesShared(HeadTiles tiles, Target target) {
        return tiles.bytes(2 * (ROWS + passing(tiles)), target.activations().bytes());
    }

    /** As much, and P and dS where warps pass them each other. */
    private static int keysShared(HeadTiles tiles, Target target) {
        return queriesShared(tiles, target) + (split(tiles) == 1 ? 0 : 2 * ROWS * passing(tiles) * target.activations().bytes());
    }

    @Override
    public Kernel kernel(Attention.Backward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        String suffix = AttentionV3.suffix(target);
        return Kernel.of(m -> List.of(
                tiles.rowSums(target.activations(), m.at(op.y()), m.at(op.dy()), m.scratch()),
                tiles.launch(tiles.kernel("attention_backward_q_v3", suffix), ROWS, AttentionV3.THREADS, queriesShared(tiles, target), m.at(op.q()), m.at(op.k()),
                        m.at(op.v()), m.at(op.logSumExp()), m.at(op.dy()), m.scratch(), tiles.length(), tiles.q().c(), tiles.headSize(), m.at(op.dq())),
                tiles.launch(tiles.kernel("attention_backward_kv_v3", suffix), ROWS, AttentionV3.THREADS * split(tiles), keysShared(tiles, target), m.at(op.q()),
                        m.at(op.k()), m.at(op.v()), m.at(op.logSumExp()), m.at(op.dy()), m.scratch(), tiles.length(), tiles.q().c(), tiles.headSize(),
                        m.at(op.dk()), m.at(op.dv())))).withScratch(tiles.rowSumBytes());
    }
}
