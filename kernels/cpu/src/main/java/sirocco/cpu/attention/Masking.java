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

    /** Floats of a worker's copy of an image's key mask. */
    int floats() {
        return byKey ? heads.keys() : 0;
    }

    /** Key blocks that the queries up to number {@code end} − 1 attend to. */
    int keyBlocks(int end) {
        return causal && !byKey ? Math.min(heads.keyBlocks(), (end + BLOCK - 1) / BLOCK) : heads.keyBlocks();
    }

    /**
     * Adds to a tile of scores, [key block][row][16], what excludes keys.
     *
     * @param first number of the tile's first query
     * @param mask [n,1,1,keys], null if there is none
     * @param copy where {@link #floats} floats of {@code s} may be written over
     */
    void apply(float[] s, int tile, int rows, int step, int blocks, int first, Slice mask, int image, int copy) {
        Softmax.mask(s, tile, rows, step, heads.others());
        if (byKey) {
            System.arraycopy(mask.array(), mask.offset() + image * heads.others(), s, copy, heads.others());
            Arrays.fill(s, copy + heads.others(), copy + heads.keys(), 1f);
            exclude(s, tile, rows, step, blocks, copy);
        }
        if (causal) {
            for (int i = 0; i < rows; i++) {
                later(s, tile + i * BLOCK, step, blocks, first + i + 1);
            }
        }
    }

    private static void exclude(float[] s, int tile, int rows, int step, int blocks, int mask) {
        for (int b = 0; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector added = FloatVector.fromArray(F, s, mask + b * BLOCK + v).fma(FloatVector.broadcast(F, -MASKED), FloatVector.broadcast(F, MASKED));
                for (int i = tile + b * step + v; i < tile + b * step + v + rows * BLOCK; i += BLOCK) {
                    FloatVector.fromArray(F, s, i).add(added).intoArray(s, i);
                }
            }
        }
    }

    /** One row's keys from number {@code key} on. */
    private static void later(float[] s, int row, int step, int blocks, int key) {
        int block = key / BLOCK;
        if (block < blocks) {
            for (int j = key % BLOCK; j < BLOCK; j++) {
                s[row + block * step + j] += MASKED;
            }
        }
        for (int b = block + 1; b < blocks; b++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector.fromArray(F, s, row + b * step + v).add(MASKED).intoArray(s, row + b * step + v);
            }
        }
    }

    /** Makes probabilities that a mask has made tiny zero. */
    void clear(float[] p, int tile, int rows, int step, int blocks) {
        if (causal || byKey) {
            for (int b = 0; b < blocks; b++) {
                clear(p, tile + b * step, rows * BLOCK);
            }
        }
    }

    private static void clear(float[] p, int at, int n) {
        for (int i = at; i < at + n; i += LANES) {
            FloatVector v = FloatVector.fromArray(F, p, i);
            v.blend(0f, v.compare(VectorOperators.LT, LEAST)).intoArray(p, i);
        }
    }
}
