package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.I;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;

import jdk.incubator.vector.IntVector;

/** Transposes rows into a block of 16 columns. */
public final class Transpose {
    // Lane i of a pair of vectors a, b after a stage that exchanges lanes d apart: of the first vector a[i] or b[i − d], of the second a[i + d] or b[i].
    private static final IntVector FIRST_8 = first(8), SECOND_8 = second(8);
    private static final IntVector FIRST_4 = first(4), SECOND_4 = second(4);
    private static final IntVector FIRST_2 = first(2), SECOND_2 = second(2);
    private static final IntVector FIRST_1 = first(1), SECOND_1 = second(1);

    private Transpose() { }

    private static IntVector first(int d) {
        int[] lanes = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            lanes[i] = (i & d) == 0 ? i : LANES + i - d;
        }
        return IntVector.fromArray(I, lanes, 0);
    }

    private static IntVector second(int d) {
        int[] lanes = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            lanes[i] = (i & d) == 0 ? i + d : LANES + i;
        }
        return IntVector.fromArray(I, lanes, 0);
    }

    /** to[16·k + j] = from[stride·j + k] for j &lt; count and k &lt; depth. */
    public static void toBlock(float[] from, int at, int stride, int count, int depth, float[] to, int target) {
        int whole = LANES == BLOCK && count == BLOCK ? depth / BLOCK * BLOCK : 0;
        for (int k = 0; k < whole; k += BLOCK) {
            square(from, at + k, stride, to, target + k * BLOCK);
        }
        for (int j = 0; j < count; j++) {
            column(from, at + j * stride + whole, depth - whole, to, target + whole * BLOCK + j);
        }
    }

    private static void column(float[] from, int at, int depth, float[] to, int target) {
        for (int k = 0; k < depth; k++) {
            to[target + k * BLOCK] = from[at + k];
        }
    }

    /** A square of 16 × 16, in four stages, two of them at a time. */
    private static void square(float[] from, int at, int stride, float[] to, int target) {
        for (int i = 0; i < 4; i++) {
            outer(from, at + i * stride, 4 * stride, to, target + i * BLOCK);
        }
        for (int i = 0; i < BLOCK; i += 4) {
            inner(to, target + i * BLOCK);
        }
    }

    private static void outer(float[] from, int at, int step, float[] to, int target) {
        IntVector a = load(from, at).reinterpretAsInts(), b = load(from, at + step).reinterpretAsInts();
        IntVector c = load(from, at + 2 * step).reinterpretAsInts(), d = load(from, at + 3 * step).reinterpretAsInts();
        IntVector e = FIRST_8.selectFrom(a, c), g = SECOND_8.selectFrom(a, c);
        IntVector f = FIRST_8.selectFrom(b, d), h = SECOND_8.selectFrom(b, d);
        FIRST_4.selectFrom(e, f).reinterpretAsFloats().intoArray(to, target);
        SECOND_4.selectFrom(e, f).reinterpretAsFloats().intoArray(to, target + 4 * BLOCK);
        FIRST_4.selectFrom(g, h).reinterpretAsFloats().intoArray(to, target + 8 * BLOCK);
        SECOND_4.selectFrom(g, h).reinterpretAsFloats().intoArray(to, target + 12 * BLOCK);
    }

    private static void inner(float[] to, int at) {
        IntVector a = load(to, at).reinterpretAsInts(), b = load(to, at + BLOCK).reinterpretAsInts();
        IntVector c = load(to, at + 2 * BLOCK).reinterpretAsInts(), d = load(to, at + 3 * BLOCK).reinterpretAsInts();
        IntVector e = FIRST_2.selectFrom(a, c), g = SECOND_2.selectFrom(a, c);
        IntVector f = FIRST_2.selectFrom(b, d), h = SECOND_2.selectFrom(b, d);
        FIRST_1.selectFrom(e, f).reinterpretAsFloats().intoArray(to, at);
        SECOND_1.selectFrom(e, f).reinterpretAsFloats().intoArray(to, at + BLOCK);
        FIRST_1.selectFrom(g, h).reinterpretAsFloats().intoArray(to, at + 2 * BLOCK);
        SECOND_1.selectFrom(g, h).reinterpretAsFloats().intoArray(to, at + 3 * BLOCK);
    }
}
