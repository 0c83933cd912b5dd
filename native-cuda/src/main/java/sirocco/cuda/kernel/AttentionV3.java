package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Attention;

/** attention_v3.cu: 64 queries a block, on tensor cores: of bf16, or of float32 rounded to TF32 where that is allowed. */
final class AttentionV3 implements Variant<Attention.Forward> {
    static final int ROWS = 64;
    static final int THREADS = 128;

    @Override
    public String name() {
        return "v3";
    }

    @Override
    public boolean fits(Attention.Forward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        return usesTensorCores(target) && tiles.fits() && sharedBytes(tiles, target) <= target.sharedBytes();
    }

    static boolean usesTensorCores(Target target) {
        return target.activations() == Storage.BF16 || target.tf32();
    }

    static String suffix(Target target) {
        return target.activations() == Storage.BF16 ? "bf16" : "tf32";
    }

    private static int sharedBytes(HeadTiles tiles, Target target) {
        int bytes = target.activations().bytes();
        int keys = tiles.padded() * bytes > 512 ? 32 : 64;
        return tiles.bytes(ROWS + 2 * keys, bytes);
    }

    @Override
    public Kernel kernel(Attention.Forward op, Target target) {
        HeadTiles tiles = new HeadTiles(op.q().shape(), op.heads());
        return Kernel.of(m -> List.of(tiles.launch(tiles.kernel("attention_v3", suffix(target)), ROWS, THREADS, sharedBytes(tiles, target), m.at(op.q()),
                m.at(op.k()), m.at(op.v()), tiles.length(), tiles.q().c(), tiles.headSize(), m.at(op.y()), m.at(op.logSumExp()))));
    }
}
