package sirocco.cpu.conv;

import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.all;
import static sirocco.cpu.Simd.load;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Simd;

/**
 * The smallest register tile, for the rows that the larger ones leave over.
 * See {@link Gemm} for what the arguments mean. Unrolled by hand, since accumulators must be local variables to stay in registers;
 * the strides of {@code a} are constants, since only then does the compiler hoist the bounds checks out of the loop.
 */
final class Tile1x2 {
    private Tile1x2() { }

    /** c[i][v] = from[i][v] + Σ a[taps[t] + 16·i + k] · b[t][k][v], i &lt; 1. */
    static void rows(float[] a, int ao, int[] taps, int nt, float[] b, int bo, float[] from, int fo, int fi, int fv,
            float[] c, int co, int ci, int cv) {
        FloatVector s0 = load(from, fo), t0 = load(from, fo + fv);
        for (int t = 0; t < nt; t++) {
            int at = ao + taps[t];
            int bt = bo + t * 512;
            for (int k = 0; k < 16; k++) {
                FloatVector b0 = load(b, bt + k * 32);
                FloatVector b1 = load(b, bt + k * 32 + LANES);
                FloatVector a0 = all(a[at + k]);
                s0 = a0.fma(b0, s0);
                t0 = a0.fma(b1, t0);
            }
        }
        t0.intoArray(c, co + cv);
        s0.intoArray(c, co);
    }

    /** c[i][v] = Σ a[segment][i][k] · b[segment][k][v], i &lt; 1: the inner loop is long, which is worth a fifth of the speed. */
    static void longRows(float[] a, int ao, int segment, int depth, float[] b, int bo, float[] c, int co, int ci, int cv) {
        FloatVector s0 = FloatVector.zero(Simd.F), t0 = s0;
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
            }
        }
        t0.intoArray(c, co + cv);
        s0.intoArray(c, co);
    }
}
