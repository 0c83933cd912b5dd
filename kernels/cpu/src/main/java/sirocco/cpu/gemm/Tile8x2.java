package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.all;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Product.ROW;

import jdk.incubator.vector.FloatVector;

/**
 * The large register tile: 8 rows × 2 vectors are 16 accumulators, for machines with 32 vector registers.
 * {@link Tile} states what the arguments mean. Unrolled by hand, because accumulators stay in registers only as local variables; the
 * strides of {@code a} and {@code b} are constants, because only then does the compiler hoist the bounds checks out of the loop.
 */
final class Tile8x2 {
    private Tile8x2() { }

    /** c[i][v] = from[i][v] + Σ a[i][k] · b[k][v], i &lt; 8: a row's terms are contiguous. */
    static void rows(float[] a, int ao, float[] b, int bo, int bv, int depth, float[] from, int fo, int fi, int fv, float[] c, int co,
            int ci, int cv) {
        FloatVector s0 = load(from, fo), t0 = load(from, fo + fv);
        FloatVector s1 = load(from, fo + fi), t1 = load(from, fo + fi + fv);
        FloatVector s2 = load(from, fo + 2 * fi), t2 = load(from, fo + 2 * fi + fv);
        FloatVector s3 = load(from, fo + 3 * fi), t3 = load(from, fo + 3 * fi + fv);
        FloatVector s4 = load(from, fo + 4 * fi), t4 = load(from, fo + 4 * fi + fv);
        FloatVector s5 = load(from, fo + 5 * fi), t5 = load(from, fo + 5 * fi + fv);
        FloatVector s6 = load(from, fo + 6 * fi), t6 = load(from, fo + 6 * fi + fv);
        FloatVector s7 = load(from, fo + 7 * fi), t7 = load(from, fo + 7 * fi + fv);
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = load(b, bo + k * BLOCK);
            FloatVector b1 = load(b, bo + bv + k * BLOCK);
            FloatVector a0 = all(a[ao + k]);
            s0 = a0.fma(b0, s0);
            t0 = a0.fma(b1, t0);
            FloatVector a1 = all(a[ao + ROW + k]);
            s1 = a1.fma(b0, s1);
            t1 = a1.fma(b1, t1);
            FloatVector a2 = all(a[ao + 2 * ROW + k]);
            s2 = a2.fma(b0, s2);
            t2 = a2.fma(b1, t2);
            FloatVector a3 = all(a[ao + 3 * ROW + k]);
            s3 = a3.fma(b0, s3);
            t3 = a3.fma(b1, t3);
            FloatVector a4 = all(a[ao + 4 * ROW + k]);
            s4 = a4.fma(b0, s4);
            t4 = a4.fma(b1, t4);
            FloatVector a5 = all(a[ao + 5 * ROW + k]);
            s5 = a5.fma(b0, s5);
            t5 = a5.fma(b1, t5);
            FloatVector a6 = all(a[ao + 6 * ROW + k]);
            s6 = a6.fma(b0, s6);
            t6 = a6.fma(b1, t6);
            FloatVector a7 = all(a[ao + 7 * ROW + k]);
            s7 = a7.fma(b0, s7);
            t7 = a7.fma(b1, t7);
        }
        s0.intoArray(c, co);
        t0.intoArray(c, co + cv);
        s1.intoArray(c, co + ci);
        t1.intoArray(c, co + ci + cv);
        s2.intoArray(c, co + 2 * ci);
        t2.intoArray(c, co + 2 * ci + cv);
        s3.intoArray(c, co + 3 * ci);
        t3.intoArray(c, co + 3 * ci + cv);
        s4.intoArray(c, co + 4 * ci);
        t4.intoArray(c, co + 4 * ci + cv);
        s5.intoArray(c, co + 5 * ci);
        t5.intoArray(c, co + 5 * ci + cv);
        s6.intoArray(c, co + 6 * ci);
        t6.intoArray(c, co + 6 * ci + cv);
        s7.intoArray(c, co + 7 * ci);
        t7.intoArray(c, co + 7 * ci + cv);
    }

    /** c[i][v] = from[i][v] + Σ a[k][i] · b[k][v], i &lt; 8: a term's rows are contiguous. */
    static void columns(float[] a, int ao, float[] b, int bo, int bv, int depth, float[] from, int fo, int fi, int fv, float[] c, int co,
            int ci, int cv) {
        FloatVector s0 = load(from, fo), t0 = load(from, fo + fv);
        FloatVector s1 = load(from, fo + fi), t1 = load(from, fo + fi + fv);
        FloatVector s2 = load(from, fo + 2 * fi), t2 = load(from, fo + 2 * fi + fv);
        FloatVector s3 = load(from, fo + 3 * fi), t3 = load(from, fo + 3 * fi + fv);
        FloatVector s4 = load(from, fo + 4 * fi), t4 = load(from, fo + 4 * fi + fv);
        FloatVector s5 = load(from, fo + 5 * fi), t5 = load(from, fo + 5 * fi + fv);
        FloatVector s6 = load(from, fo + 6 * fi), t6 = load(from, fo + 6 * fi + fv);
        FloatVector s7 = load(from, fo + 7 * fi), t7 = load(from, fo + 7 * fi + fv);
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = load(b, bo + k * BLOCK);
            FloatVector b1 = load(b, bo + bv + k * BLOCK);
            FloatVector a0 = all(a[ao + k * BLOCK]);
            s0 = a0.fma(b0, s0);
            t0 = a0.fma(b1, t0);
            FloatVector a1 = all(a[ao + k * BLOCK + 1]);
            s1 = a1.fma(b0, s1);
            t1 = a1.fma(b1, t1);
            FloatVector a2 = all(a[ao + k * BLOCK + 2]);
            s2 = a2.fma(b0, s2);
            t2 = a2.fma(b1, t2);
            FloatVector a3 = all(a[ao + k * BLOCK + 3]);
            s3 = a3.fma(b0, s3);
            t3 = a3.fma(b1, t3);
            FloatVector a4 = all(a[ao + k * BLOCK + 4]);
            s4 = a4.fma(b0, s4);
            t4 = a4.fma(b1, t4);
            FloatVector a5 = all(a[ao + k * BLOCK + 5]);
            s5 = a5.fma(b0, s5);
            t5 = a5.fma(b1, t5);
            FloatVector a6 = all(a[ao + k * BLOCK + 6]);
            s6 = a6.fma(b0, s6);
            t6 = a6.fma(b1, t6);
            FloatVector a7 = all(a[ao + k * BLOCK + 7]);
            s7 = a7.fma(b0, s7);
            t7 = a7.fma(b1, t7);
        }
        s0.intoArray(c, co);
        t0.intoArray(c, co + cv);
        s1.intoArray(c, co + ci);
        t1.intoArray(c, co + ci + cv);
        s2.intoArray(c, co + 2 * ci);
        t2.intoArray(c, co + 2 * ci + cv);
        s3.intoArray(c, co + 3 * ci);
        t3.intoArray(c, co + 3 * ci + cv);
        s4.intoArray(c, co + 4 * ci);
        t4.intoArray(c, co + 4 * ci + cv);
        s5.intoArray(c, co + 5 * ci);
        t5.intoArray(c, co + 5 * ci + cv);
        s6.intoArray(c, co + 6 * ci);
        t6.intoArray(c, co + 6 * ci + cv);
        s7.intoArray(c, co + 7 * ci);
        t7.intoArray(c, co + 7 * ci + cv);
    }
}
