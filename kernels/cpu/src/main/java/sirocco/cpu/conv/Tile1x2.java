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

    /** c[i][v] (+)= Σ a[taps[t] + 16·i + k] · b[t][k][v], i &lt; 1. */
    static void rows(float[] a, int ao, int[] taps, int nt, float[] b, int bo, float[] c, int co, int ci, int cv, boolean add) {
        FloatVector s0 = FloatVector.zero(Simd.F), t0 = s0;
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
        if (add) {
            s0 = s0.add(FloatVector.fromArray(Simd.F, c, co));
            t0 = t0.add(FloatVector.fromArray(Simd.F, c, co + cv));
        }
        t0.intoArray(c, co + cv);
        s0.intoArray(c, co);
    }

    /** c[i][v] (+)= Σ a[segment][i][k] · b[segment][k][v], i &lt; 1: the inner loop is long, which is worth a fifth of the speed. */
    static void longRows(float[] a, int ao, int segment, int depth, float[] b, int bo, float[] c, int co, int ci, int cv, boolean add) {
        FloatVector s0 = FloatVector.zero(Simd.F), t0 = s0;
        for (int from = 0; from < depth; from += 128) {
            int at = ao + from / 128 * segment;
            int bt = bo + from * 32;
            int n = Math.min(128, depth - from);
            for (int k = 0; k < n; k++) {
                FloatVector b0 = load(b, bt + k * 32);
                FloatVector b1 = load(b, bt + k * 32 + LANES);
                FloatVector a0 = all(a[at + k]);
                s0 = a0.fma(b0, s0);
                t0 = a0.fma(b1, t0);
            }
        }
        if (add) {
            s0 = s0.add(load(c, co));
            t0 = t0.add(load(c, co + cv));
        }
        t0.intoArray(c, co + cv);
        s0.intoArray(c, co);
    }
}
