package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.all;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Product.ROW;

import jdk.incubator.vector.FloatVector;

/** The small register tile: 4 rows × 2 vectors, for 16 vector registers and for the last rows of a product. See {@link Tile8x2}. */
final class Tile4x2 {
    private Tile4x2() { }

    /** c[i][v] = from[i][v] + Σ a[i][k] · b[k][v], i &lt; 4: a row's terms are contiguous. */
    static void rows(float[] a, int ao, float[] b, int bo, int bv, int depth, float[] from, int fo, int fi, int fv, float[] c, int co,
            int ci, int cv) {
        FloatVector s0 = load(from, fo), t0 = load(from, fo + fv);
        FloatVector s1 = load(from, fo + fi), t1 = load(from, fo + fi + fv);
        FloatVector s2 = load(from, fo + 2 * fi), t2 = load(from, fo + 2 * fi + fv);
        FloatVector s3 = load(from, fo + 3 * fi), t3 = load(from, fo + 3 * fi + fv);
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
        }
        s0.intoArray(c, co);
        t0.intoArray(c, co + cv);
        s1.intoArray(c, co + ci);
        t1.intoArray(c, co + ci + cv);
        s2.intoArray(c, co + 2 * ci);
        t2.intoArray(c, co + 2 * ci + cv);
        s3.intoArray(c, co + 3 * ci);
        t3.intoArray(c, co + 3 * ci + cv);
    }

    /** c[i][v] = from[i][v] + Σ a[k][i] · b[k][v], i &lt; 4: a term's rows are contiguous. */
    static void columns(float[] a, int ao, float[] b, int bo, int bv, int depth, float[] from, int fo, int fi, int fv, float[] c, int co,
            int ci, int cv) {
        FloatVector s0 = load(from, fo), t0 = load(from, fo + fv);
        FloatVector s1 = load(from, fo + fi), t1 = load(from, fo + fi + fv);
        FloatVector s2 = load(from, fo + 2 * fi), t2 = load(from, fo + 2 * fi + fv);
        FloatVector s3 = load(from, fo + 3 * fi), t3 = load(from, fo + 3 * fi + fv);
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
        }
        s0.intoArray(c, co);
        t0.intoArray(c, co + cv);
        s1.intoArray(c, co + ci);
        t1.intoArray(c, co + ci + cv);
        s2.intoArray(c, co + 2 * ci);
        t2.intoArray(c, co + 2 * ci + cv);
        s3.intoArray(c, co + 3 * ci);
        t3.intoArray(c, co + 3 * ci + cv);
    }
}
