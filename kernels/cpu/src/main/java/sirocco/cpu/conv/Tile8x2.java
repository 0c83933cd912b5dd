package sirocco.cpu.conv;

import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.all;
import static sirocco.cpu.Simd.load;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Simd;

/**
 * The large register tile: 8 rows × 2 vectors are 16 accumulators, for machines with 32 vector registers.
 * See {@link Gemm} for what the arguments mean. Unrolled by hand, since accumulators must be local variables to stay in registers;
 * the strides of {@code a} are constants, since only then does the compiler hoist the bounds checks out of the loop.
 */
final class Tile8x2 {
    private Tile8x2() { }

    /** c[i][v] = from[i][v] + Σ a[taps[t] + 16·i + k] · b[t][k][v], i &lt; 8. */
    static void rows(float[] a, int ao, int[] taps, int nt, float[] b, int bo, float[] from, int fo, int fi, int fv,
            float[] c, int co, int ci, int cv) {
        FloatVector s0 = load(from, fo), t0 = load(from, fo + fv);
        FloatVector s1 = load(from, fo + fi), t1 = load(from, fo + fi + fv);
        FloatVector s2 = load(from, fo + 2 * fi), t2 = load(from, fo + 2 * fi + fv);
        FloatVector s3 = load(from, fo + 3 * fi), t3 = load(from, fo + 3 * fi + fv);
        FloatVector s4 = load(from, fo + 4 * fi), t4 = load(from, fo + 4 * fi + fv);
        FloatVector s5 = load(from, fo + 5 * fi), t5 = load(from, fo + 5 * fi + fv);
        FloatVector s6 = load(from, fo + 6 * fi), t6 = load(from, fo + 6 * fi + fv);
        FloatVector s7 = load(from, fo + 7 * fi), t7 = load(from, fo + 7 * fi + fv);
        for (int t = 0; t < nt; t++) {
            int at = ao + taps[t];
            int bt = bo + t * 512;
            for (int k = 0; k < 16; k++) {
                FloatVector b0 = load(b, bt + k * 32);
                FloatVector b1 = load(b, bt + k * 32 + LANES);
                FloatVector a0 = all(a[at + k]);
                s0 = a0.fma(b0, s0);
                t0 = a0.fma(b1, t0);
                FloatVector a1 = all(a[at + k + 16]);
                s1 = a1.fma(b0, s1);
                t1 = a1.fma(b1, t1);
                FloatVector a2 = all(a[at + k + 32]);
                s2 = a2.fma(b0, s2);
                t2 = a2.fma(b1, t2);
                FloatVector a3 = all(a[at + k + 48]);
                s3 = a3.fma(b0, s3);
                t3 = a3.fma(b1, t3);
                FloatVector a4 = all(a[at + k + 64]);
                s4 = a4.fma(b0, s4);
                t4 = a4.fma(b1, t4);
                FloatVector a5 = all(a[at + k + 80]);
                s5 = a5.fma(b0, s5);
                t5 = a5.fma(b1, t5);
                FloatVector a6 = all(a[at + k + 96]);
                s6 = a6.fma(b0, s6);
                t6 = a6.fma(b1, t6);
                FloatVector a7 = all(a[at + k + 112]);
                s7 = a7.fma(b0, s7);
                t7 = a7.fma(b1, t7);
            }
        }
        t0.intoArray(c, co + cv);
        s0.intoArray(c, co);
        t1.intoArray(c, co + ci + cv);
        s1.intoArray(c, co + ci);
        t2.intoArray(c, co + 2 * ci + cv);
        s2.intoArray(c, co + 2 * ci);
        t3.intoArray(c, co + 3 * ci + cv);
        s3.intoArray(c, co + 3 * ci);
        t4.intoArray(c, co + 4 * ci + cv);
        s4.intoArray(c, co + 4 * ci);
        t5.intoArray(c, co + 5 * ci + cv);
        s5.intoArray(c, co + 5 * ci);
        t6.intoArray(c, co + 6 * ci + cv);
        s6.intoArray(c, co + 6 * ci);
        t7.intoArray(c, co + 7 * ci + cv);
        s7.intoArray(c, co + 7 * ci);
    }

    /** c[i][v] = Σ a[segment][i][k] · b[segment][k][v], i &lt; 8: the inner loop is long, which is worth a fifth of the speed. */
    static void longRows(float[] a, int ao, int segment, int depth, float[] b, int bo, float[] c, int co, int ci, int cv) {
        FloatVector s0 = FloatVector.zero(Simd.F), t0 = s0;
        FloatVector s1 = FloatVector.zero(Simd.F), t1 = s1;
        FloatVector s2 = FloatVector.zero(Simd.F), t2 = s2;
        FloatVector s3 = FloatVector.zero(Simd.F), t3 = s3;
        FloatVector s4 = FloatVector.zero(Simd.F), t4 = s4;
        FloatVector s5 = FloatVector.zero(Simd.F), t5 = s5;
        FloatVector s6 = FloatVector.zero(Simd.F), t6 = s6;
        FloatVector s7 = FloatVector.zero(Simd.F), t7 = s7;
        for (int k0 = 0; k0 < depth; k0 += 128) {
            int at = ao + k0 / 128 * segment;
            int bt = bo + k0 * 32;
            int n = Math.min(128, depth - k0);
            for (int k = 0; k < n; k++) {
                FloatVector b0 = load(b, bt + k * 32);
                FloatVector b1 = load(b, bt + k * 32 + LANES);
                FloatVector a0 = all(a[at + k]);
                s0 = a0.fma(b0, s0);
                t0 = a0.fma(b1, t0);
                FloatVector a1 = all(a[at + k + 128]);
                s1 = a1.fma(b0, s1);
                t1 = a1.fma(b1, t1);
                FloatVector a2 = all(a[at + k + 256]);
                s2 = a2.fma(b0, s2);
                t2 = a2.fma(b1, t2);
                FloatVector a3 = all(a[at + k + 384]);
                s3 = a3.fma(b0, s3);
                t3 = a3.fma(b1, t3);
                FloatVector a4 = all(a[at + k + 512]);
                s4 = a4.fma(b0, s4);
                t4 = a4.fma(b1, t4);
                FloatVector a5 = all(a[at + k + 640]);
                s5 = a5.fma(b0, s5);
                t5 = a5.fma(b1, t5);
                FloatVector a6 = all(a[at + k + 768]);
                s6 = a6.fma(b0, s6);
                t6 = a6.fma(b1, t6);
                FloatVector a7 = all(a[at + k + 896]);
                s7 = a7.fma(b0, s7);
                t7 = a7.fma(b1, t7);
            }
        }
        t0.intoArray(c, co + cv);
        s0.intoArray(c, co);
        t1.intoArray(c, co + ci + cv);
        s1.intoArray(c, co + ci);
        t2.intoArray(c, co + 2 * ci + cv);
        s2.intoArray(c, co + 2 * ci);
        t3.intoArray(c, co + 3 * ci + cv);
        s3.intoArray(c, co + 3 * ci);
        t4.intoArray(c, co + 4 * ci + cv);
        s4.intoArray(c, co + 4 * ci);
        t5.intoArray(c, co + 5 * ci + cv);
        s5.intoArray(c, co + 5 * ci);
        t6.intoArray(c, co + 6 * ci + cv);
        s6.intoArray(c, co + 6 * ci);
        t7.intoArray(c, co + 7 * ci + cv);
        s7.intoArray(c, co + 7 * ci);
    }

    /** c[i][v] += Σ a[y][x][i] · b[y][x][v], i &lt; 8, over ny rows of nx pixels. */
    static void outer(float[] a, int ao, int ay, float[] b, int bo, int by, int bv, int ny, int nx, float[] c, int co, int ci, int cv) {
        FloatVector s0 = load(c, co), t0 = load(c, co + cv);
        FloatVector s1 = load(c, co + ci), t1 = load(c, co + ci + cv);
        FloatVector s2 = load(c, co + 2 * ci), t2 = load(c, co + 2 * ci + cv);
        FloatVector s3 = load(c, co + 3 * ci), t3 = load(c, co + 3 * ci + cv);
        FloatVector s4 = load(c, co + 4 * ci), t4 = load(c, co + 4 * ci + cv);
        FloatVector s5 = load(c, co + 5 * ci), t5 = load(c, co + 5 * ci + cv);
        FloatVector s6 = load(c, co + 6 * ci), t6 = load(c, co + 6 * ci + cv);
        FloatVector s7 = load(c, co + 7 * ci), t7 = load(c, co + 7 * ci + cv);
        for (int y = 0; y < ny; y++) {
            int at = ao + y * ay;
            int bt = bo + y * by;
            for (int x = 0; x < nx; x++) {
                FloatVector b0 = load(b, bt + x * 16);
                FloatVector b1 = load(b, bt + bv + x * 16);
                FloatVector a0 = all(a[at + x * 16]);
                s0 = a0.fma(b0, s0);
                t0 = a0.fma(b1, t0);
                FloatVector a1 = all(a[at + x * 16 + 1]);
                s1 = a1.fma(b0, s1);
                t1 = a1.fma(b1, t1);
                FloatVector a2 = all(a[at + x * 16 + 2]);
                s2 = a2.fma(b0, s2);
                t2 = a2.fma(b1, t2);
                FloatVector a3 = all(a[at + x * 16 + 3]);
                s3 = a3.fma(b0, s3);
                t3 = a3.fma(b1, t3);
                FloatVector a4 = all(a[at + x * 16 + 4]);
                s4 = a4.fma(b0, s4);
                t4 = a4.fma(b1, t4);
                FloatVector a5 = all(a[at + x * 16 + 5]);
                s5 = a5.fma(b0, s5);
                t5 = a5.fma(b1, t5);
                FloatVector a6 = all(a[at + x * 16 + 6]);
                s6 = a6.fma(b0, s6);
                t6 = a6.fma(b1, t6);
                FloatVector a7 = all(a[at + x * 16 + 7]);
                s7 = a7.fma(b0, s7);
                t7 = a7.fma(b1, t7);
            }
        }
        t0.intoArray(c, co + cv);
        s0.intoArray(c, co);
        t1.intoArray(c, co + ci + cv);
        s1.intoArray(c, co + ci);
        t2.intoArray(c, co + 2 * ci + cv);
        s2.intoArray(c, co + 2 * ci);
        t3.intoArray(c, co + 3 * ci + cv);
        s3.intoArray(c, co + 3 * ci);
        t4.intoArray(c, co + 4 * ci + cv);
        s4.intoArray(c, co + 4 * ci);
        t5.intoArray(c, co + 5 * ci + cv);
        s5.intoArray(c, co + 5 * ci);
        t6.intoArray(c, co + 6 * ci + cv);
        s6.intoArray(c, co + 6 * ci);
        t7.intoArray(c, co + 7 * ci + cv);
        s7.intoArray(c, co + 7 * ci);
    }
}
