package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.api.Attention;
import sirocco.cpu.Slice;

/**
 * Which keys a query attends to: {@link Attention#MASKED} is added to the scores of those that a key mask excludes, and to those of keys after the query's
 * number if attention is causal. Where that is the only mask, a tile's scores are computed up to its last query's key only.
 *
 * @param causal query i attends to keys 0 … i
 * @param byKey whether there is a key mask
 */
record Masking(Heads heads, boolean causal, boolean byKey) {
    private static final float MASKED = (float) Attention.MASKED;
    /** Probabilities below it come from masked scores: zero, since numbers that small slow products down. */
    private static final float LEAST = 1e-37f;

    /** Floats of a worker's copy of the key mask for a chunk. */
    int floats() {
        return byKey ? heads.chunkBlocks() * BLOCK : 0;
    }

    /** Key blocks of a chunk that the queries up to number {@code end} − 1 attend to. */
    int keyBlocks(int chunk, int end) {
        int blocks = (heads.keys(chunk) + BLOCK - 1) / BLOCK;
        return causal && !byKey ? Math.clamp((end - heads.firstKey(chunk) + BLOCK - 1) / BLOCK, 0, blocks) : blocks;
    }

    /**
     * Adds to a tile of scores what excludes keys.
     *
     * @param s score (i, j) of key block b at {@code tile + rowStep·i + blockStep·b + j}
     * @param first number of the tile's first query
     * @param mask [n,1,1,keys], null if there is none
     * @param copy where {@link #floats} floats of {@code s} may be written over
     */
    void apply(float[] s, int tile, int rowStep, int blockStep, int rows, int blocks, int first, int chunk, Slice mask, int image, int copy) {
        if (byKey) {
            int keys = heads.keys(chunk);
            System.arraycopy(mask.array(), mask.offset() + image * heads.keys() + heads.firstKey(chunk), s, copy, keys);
            Arrays.fill(s, copy + keys, copy + floats(), 1f);
            for (int i = 0; i < rows; i++) {
                exclude(s, tile + i * rowStep, blockStep, blocks, copy);
            }
        }
        if (causal) {
            for (int i = 0; i < rows; i++) {
                later(s, tile + i * rowStep, blockStep, blocks, Math.max(0, first + i + 1 - heads.firstKey(chunk)));
            }
        }
    }

    private static void exclude(float[] s, int row, int blockStep, int blocks, int mask) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector added = FloatVector.fromArray(F, s, mask + b * BLOCK + v).fma(FloatVector.broadcast(F, -MASKED), FloatVector.broadcast(F, MASKED));
                FloatVector.fromArray(F, s, row + b * blockStep + v).add(added).intoArray(s, row + b * blockStep + v);
            }
        }
    }

    /** One row's keys from number {@code key} of the chunk on. */
    private static void later(float[] s, int row, int blockStep, int blocks, int key) {
        int block = key / BLOCK;
        if (block < blocks) {
            for (int j = key % BLOCK; j < BLOCK; j++) {
                s[row + block * blockStep + j] += MASKED;
            }
        }
        for (int b = block + 1; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector.fromArray(F, s, row + b * blockStep + v).add(MASKED).intoArray(s, row + b * blockStep + v);
            }
        }
    }

    /** Makes probabilities that a mask has made tiny zero. */
    void clear(float[] p, int tile, int rowStep, int blockStep, int rows, int blocks) {
        if (causal || byKey) {
            for (int i = 0; i < rows; i++) {
                clear(p, tile + i * rowStep, blockStep, blocks);
            }
        }
    }

    private static void clear(float[] p, int row, int blockStep, int blocks) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector x = FloatVector.fromArray(F, p, row + b * blockStep + v);
                x.blend(0f, x.compare(VectorOperators.LT, LEAST)).intoArray(p, row + b * blockStep + v);
            }
        }
    }
}
