package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Attention;

/** attention_v2.cu: 64 queries a block, float32 in registers and shared memory. */
final class AttentionV2 implements Variant<Attention.Forward> {
    private static final int QUERIES = 64;

    @Override
    public String name() {
        return "v2";
    }

    @Override
    public boolean fits(Attention.Forward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        return target.activations() == Storage.F32 && tiles.fits() && sharedBytes(tiles) <= target.sharedBytes();
    }

    private static int sharedBytes(HeadTiles tiles) {
        int keys = tiles.padded() > 128 ? 32 : 64;
        return tiles.bytes(QUERIES + 2 * keys, Float.BYTES) + passedBytes(QUERIES, keys);
    }

    /** A product that threads pass each other, with 4 floats between rows. */
    static int passedBytes(int rows, int columns) {
        return rows * (columns + 4) * Float.BYTES;
    }

    @Override
    public Kernel kernel(Attention.Forward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        return Kernel.of(m -> List.of(tiles.launch(tiles.kernel("attention_v2", "f32"), QUERIES, 256, sharedBytes(tiles), m.at(op.q()), m.at(op.k()),
                m.at(op.v()), tiles.length(), tiles.q().c(), tiles.headSize(), m.at(op.y()), m.at(op.logSumExp()))));
    }
}
