package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.all;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Product.ROW;

import jdk.incubator.vector.FloatVector;

/** The register tile for a panel of one vector: 16 rows, so that there are as many accumulators as in {@link Tile8x2}. */
final class Tile16x1 {
    private Tile16x1() { }

    /** c[i] = from[i] + Σ a[i][k] · b[k], i &lt; 16: a row's terms are contiguous. */
    static void rows(float[] a, int ao, float[] b, int bo, int depth, float[] from, int fo, int fi, float[] c, int co, int ci) {
        FloatVector s0 = load(from, fo), s1 = load(from, fo + fi);
        FloatVector s2 = load(from, fo + 2 * fi), s3 = load(from, fo + 3 * fi);
        FloatVector s4 = load(from, fo + 4 * fi), s5 = load(from, fo + 5 * fi);
        FloatVector s6 = load(from, fo + 6 * fi), s7 = load(from, fo + 7 * fi);
        FloatVector s8 = load(from, fo + 8 * fi), s9 = load(from, fo + 9 * fi);
        FloatVector s10 = load(from, fo + 10 * fi), s11 = load(from, fo + 11 * fi);
        FloatVector s12 = load(from, fo + 12 * fi), s13 = load(from, fo + 13 * fi);
        FloatVector s14 = load(from, fo + 14 * fi), s15 = load(from, fo + 15 * fi);
        for (int k = 0; k < depth; k++) {
            FloatVector v = load(b, bo + k * BLOCK);
            s0 = all(a[ao + k]).fma(v, s0);
            s1 = all(a[ao + ROW + k]).fma(v, s1);
            s2 = all(a[ao + 2 * ROW + k]).fma(v, s2);
            s3 = all(a[ao + 3 * ROW + k]).fma(v, s3);
            s4 = all(a[ao + 4 * ROW + k]).fma(v, s4);
            s5 = all(a[ao + 5 * ROW + k]).fma(v, s5);
            s6 = all(a[ao + 6 * ROW + k]).fma(v, s6);
            s7 = all(a[ao + 7 * ROW + k]).fma(v, s7);
            s8 = all(a[ao + 8 * ROW + k]).fma(v, s8);
            s9 = all(a[ao + 9 * ROW + k]).fma(v, s9);
            s10 = all(a[ao + 10 * ROW + k]).fma(v, s10);
            s11 = all(a[ao + 11 * ROW + k]).fma(v, s11);
            s12 = all(a[ao + 12 * ROW + k]).fma(v, s12);
            s13 = all(a[ao + 13 * ROW + k]).fma(v, s13);
            s14 = all(a[ao + 14 * ROW + k]).fma(v, s14);
            s15 = all(a[ao + 15 * ROW + k]).fma(v, s15);
        }
        s0.intoArray(c, co);
        s1.intoArray(c, co + ci);
        s2.intoArray(c, co + 2 * ci);
        s3.intoArray(c, co + 3 * ci);
        s4.intoArray(c, co + 4 * ci);
        s5.intoArray(c, co + 5 * ci);
        s6.intoArray(c, co + 6 * ci);
        s7.intoArray(c, co + 7 * ci);
        s8.intoArray(c, co + 8 * ci);
        s9.intoArray(c, co + 9 * ci);
        s10.intoArray(c, co + 10 * ci);
        s11.intoArray(c, co + 11 * ci);
        s12.intoArray(c, co + 12 * ci);
        s13.intoArray(c, co + 13 * ci);
        s14.intoArray(c, co + 14 * ci);
        s15.intoArray(c, co + 15 * ci);
    }

    /** c[i] = from[i] + Σ a[k][i] · b[k], i &lt; 16: a term's rows are contiguous. */
    static void columns(float[] a, int ao, float[] b, int bo, int depth, float[] from, int fo, int fi, float[] c, int co, int ci) {
        FloatVector s0 = load(from, fo), s1 = load(from, fo + fi);
        FloatVector s2 = load(from, fo + 2 * fi), s3 = load(from, fo + 3 * fi);
        FloatVector s4 = load(from, fo + 4 * fi), s5 = load(from, fo + 5 * fi);
        FloatVector s6 = load(from, fo + 6 * fi), s7 = load(from, fo + 7 * fi);
        FloatVector s8 = load(from, fo + 8 * fi), s9 = load(from, fo + 9 * fi);
        FloatVector s10 = load(from, fo + 10 * fi), s11 = load(from, fo + 11 * fi);
        FloatVector s12 = load(from, fo + 12 * fi), s13 = load(from, fo + 13 * fi);
        FloatVector s14 = load(from, fo + 14 * fi), s15 = load(from, fo + 15 * fi);
        for (int k = 0; k < depth; k++) {
            FloatVector v = load(b, bo + k * BLOCK);
            s0 = all(a[ao + k * BLOCK]).fma(v, s0);
            s1 = all(a[ao + k * BLOCK + 1]).fma(v, s1);
            s2 = all(a[ao + k * BLOCK + 2]).fma(v, s2);
            s3 = all(a[ao + k * BLOCK + 3]).fma(v, s3);
            s4 = all(a[ao + k * BLOCK + 4]).fma(v, s4);
            s5 = all(a[ao + k * BLOCK + 5]).fma(v, s5);
            s6 = all(a[ao + k * BLOCK + 6]).fma(v, s6);
            s7 = all(a[ao + k * BLOCK + 7]).fma(v, s7);
            s8 = all(a[ao + k * BLOCK + 8]).fma(v, s8);
            s9 = all(a[ao + k * BLOCK + 9]).fma(v, s9);
            s10 = all(a[ao + k * BLOCK + 10]).fma(v, s10);
            s11 = all(a[ao + k * BLOCK + 11]).fma(v, s11);
            s12 = all(a[ao + k * BLOCK + 12]).fma(v, s12);
            s13 = all(a[ao + k * BLOCK + 13]).fma(v, s13);
            s14 = all(a[ao + k * BLOCK + 14]).fma(v, s14);
            s15 = all(a[ao + k * BLOCK + 15]).fma(v, s15);
        }
        s0.intoArray(c, co);
        s1.intoArray(c, co + ci);
        s2.intoArray(c, co + 2 * ci);
        s3.intoArray(c, co + 3 * ci);
        s4.intoArray(c, co + 4 * ci);
        s5.intoArray(c, co + 5 * ci);
        s6.intoArray(c, co + 6 * ci);
        s7.intoArray(c, co + 7 * ci);
        s8.intoArray(c, co + 8 * ci);
        s9.intoArray(c, co + 9 * ci);
        s10.intoArray(c, co + 10 * ci);
        s11.intoArray(c, co + 11 * ci);
        s12.intoArray(c, co + 12 * ci);
        s13.intoArray(c, co + 13 * ci);
        s14.intoArray(c, co + 14 * ci);
        s15.intoArray(c, co + 15 * ci);
    }
}
