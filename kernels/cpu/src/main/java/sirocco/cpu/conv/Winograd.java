package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.all;
import static sirocco.cpu.Simd.load;

import jdk.incubator.vector.FloatVector;

/**
 * The transforms of Winograd's minimal filtering F(4×4,3×3), with the points 0, ±1, ±2, ∞ (Lavin &amp; Gray 2016, arXiv:1509.09308):
 * y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A makes 4×4 outputs of 6×6 inputs by 36 multiplications in place of 144. Summed over channels, the 36
 * positions ("planes") are 36 independent matrix products.
 *
 * <p>Rounding errors are about five times those of the direct sum, since the transforms add numbers larger than their differences:
 * ‖error‖₂/‖y‖₂ is 2e-6 at 64 channels and 5e-6 at 512, against 4e-7 and 1e-6; 1e-6 to 2e-6 for the weights' gradient.
 *
 * <p>The reverse passes use the transposes of the same matrices: dy enters through A, dw leaves through Gᵀ.
 *
 * <p>Each works on a vector of channels, on one row or column at a time; two passes make the two-dimensional transform. The methods are
 * small, so that the compiler keeps everything in registers, and take their operands and constants first: the compiler stops inlining
 * helpers once a method has grown to 8000 bytecodes, and a vector that a call returns is an allocation.
 */
final class Winograd {
    /** Outputs of a tile, in each direction. */
    static final int OUT = 4;
    /** Inputs of a tile, in each direction. */
    static final int IN = 6;
    /** Products of a tile. */
    static final int PLANES = IN * IN;
    /** Floats of a 6×6 tile of one channel block. */
    static final int TILE = PLANES * BLOCK;
    /** Five cache lines between planes, whose sizes are powers of two otherwise: 36 of them would fall on one set of the cache. */
    static final int GAP = 80;

    private static final int ROW = IN * BLOCK;

    private Winograd() { }

    /**
     * Bᵀ x B of the 6×6 pixels at {@code x}, to 36 planes: that of row i and column j is at {@code vTo + (i / across · 6 + j) · plane + i mod across · slot}.
     * So with {@code across} 1 planes are {@code plane} floats apart.
     */
    static void input(float[] x, int from, int row, float[] t, int to, float[] v, int vTo, int plane, int across, int slot) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            for (int j = 0; j < IN; j++) {
                bt(x, from + j * BLOCK + lane, row, t, to + j * BLOCK, ROW);
            }
            for (int i = 0; i < IN; i++) {
                bt(t, to + i * ROW, BLOCK, v, vTo + i / across * IN * plane + i % across * slot + lane, plane);
            }
        }
    }

    /** Aᵀ m A of one tile's 36 planes, plus the 16 floats at {@code z}, to 4×4 pixels at {@code y}. */
    static void output(float[] m, int from, int plane, float[] t, int to, float[] z, int zAt, float[] y, int yTo, int row) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            for (int j = 0; j < IN; j++) {
                at(m, from + j * plane + lane, IN * plane, t, to + j * BLOCK, ROW);
            }
            for (int i = 0; i < OUT; i++) {
                atPlus(t, to + i * ROW, z, zAt + lane, y, yTo + i * row + lane);
            }
        }
    }

    /** The same, plus the 4×4 pixels at {@code r}. */
    static void output(float[] m, int from, int plane, float[] t, int to, float[] z, int zAt, float[] r, int rAt, int rRow, float[] y,
            int yTo, int row) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            for (int j = 0; j < IN; j++) {
                at(m, from + j * plane + lane, IN * plane, t, to + j * BLOCK, ROW);
            }
            for (int i = 0; i < OUT; i++) {
                atPlus(t, to + i * ROW, z, zAt + lane, r, rAt + i * rRow + lane, y, yTo + i * row + lane);
            }
        }
    }

    /** A dy Aᵀ of the 4×4 pixels at {@code dy}, to 36 planes. */
    static void gradient(float[] dy, int from, int row, float[] t, int to, float[] m, int mTo, int plane) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            for (int j = 0; j < OUT; j++) {
                a(dy, from + j * BLOCK + lane, row, t, to + j * BLOCK, ROW);
            }
            for (int i = 0; i < IN; i++) {
                a(t, to + i * ROW, BLOCK, m, mTo + i * IN * plane + lane, plane);
            }
        }
    }

    /** G w Gᵀ of 3×3 taps {@code tap} floats apart, of one vector of channels, to 36 planes. */
    static void weights(float[] w, int from, int tap, float[] t, int to, float[] u, int uTo, int plane) {
        for (int s = 0; s < 3; s++) {
            g(w, from + s * tap, 3 * tap, t, to + s * BLOCK, ROW);
        }
        for (int i = 0; i < IN; i++) {
            g(t, to + i * ROW, BLOCK, u, uTo + i * IN * plane, plane);
        }
    }

    /** Gᵀ u G of 36 planes, of one vector of channels, to 3×3 taps {@code tap} floats apart. */
    static void weightsGradient(float[] u, int from, int plane, float[] t, int to, float[] w, int wTo, int tap) {
        for (int i = 0; i < IN; i++) {
            gt(u, from + i * IN * plane, plane, t, to + i * ROW, BLOCK);
        }
        for (int s = 0; s < 3; s++) {
            gt(t, to + s * BLOCK, ROW, w, wTo + s * tap, 3 * tap);
        }
    }

    /** Bᵀ: 6 → 6. */
    private static void bt(float[] a, int ai, int as, float[] o, int oi, int os) {
        FloatVector d0 = load(a, ai), d1 = load(a, ai + as), d2 = load(a, ai + 2 * as);
        FloatVector d3 = load(a, ai + 3 * as), d4 = load(a, ai + 4 * as), d5 = load(a, ai + 5 * as);
        FloatVector four = all(4f), less4 = all(-4f), less5 = all(-5f);
        FloatVector first = four.fma(d0, less5.fma(d2, d4)), last = four.fma(d1, less5.fma(d3, d5));
        FloatVector even = less4.fma(d2, d4), odd = less4.fma(d1, d3);
        FloatVector c = d4.sub(d2), e = d3.sub(d1);
        e = e.add(e);
        first.intoArray(o, oi);
        even.add(odd).intoArray(o, oi + os);
        even.sub(odd).intoArray(o, oi + 2 * os);
        c.add(e).intoArray(o, oi + 3 * os);
        c.sub(e).intoArray(o, oi + 4 * os);
        last.intoArray(o, oi + 5 * os);
    }

    /** Aᵀ: 6 → 4. */
    private static void at(float[] a, int ai, int as, float[] o, int oi, int os) {
        FloatVector m0 = load(a, ai), m5 = load(a, ai + 5 * as);
        FloatVector m1 = load(a, ai + as), m2 = load(a, ai + 2 * as), m3 = load(a, ai + 3 * as), m4 = load(a, ai + 4 * as);
        FloatVector two = all(2f), four = all(4f), eight = all(8f);
        FloatVector s1 = m1.add(m2), d1 = m1.sub(m2), s2 = m3.add(m4), d2 = m3.sub(m4);
        m0.add(s1).add(s2).intoArray(o, oi);
        two.fma(d2, d1).intoArray(o, oi + os);
        four.fma(s2, s1).intoArray(o, oi + 2 * os);
        eight.fma(d2, d1).add(m5).intoArray(o, oi + 3 * os);
    }

    /** Aᵀ of six adjoining blocks to four adjoining pixels, plus z. */
    private static void atPlus(float[] a, int ai, float[] z, int zi, float[] o, int oi) {
        FloatVector b = load(z, zi);
        FloatVector m0 = load(a, ai).add(b), m5 = load(a, ai + 5 * BLOCK).add(b);
        FloatVector m1 = load(a, ai + BLOCK), m2 = load(a, ai + 2 * BLOCK), m3 = load(a, ai + 3 * BLOCK), m4 = load(a, ai + 4 * BLOCK);
        FloatVector two = all(2f), four = all(4f), eight = all(8f);
        FloatVector s1 = m1.add(m2), d1 = m1.sub(m2), s2 = m3.add(m4), d2 = m3.sub(m4);
        m0.add(s1).add(s2).intoArray(o, oi);
        two.fma(d2, d1).add(b).intoArray(o, oi + BLOCK);
        four.fma(s2, s1).add(b).intoArray(o, oi + 2 * BLOCK);
        eight.fma(d2, d1).add(m5).intoArray(o, oi + 3 * BLOCK);
    }

    /** Aᵀ of six adjoining blocks to four adjoining pixels, plus z and four adjoining pixels of r. */
    private static void atPlus(float[] a, int ai, float[] z, int zi, float[] r, int ri, float[] o, int oi) {
        FloatVector b = load(z, zi);
        FloatVector m0 = load(a, ai).add(b), m5 = load(a, ai + 5 * BLOCK).add(b);
        FloatVector m1 = load(a, ai + BLOCK), m2 = load(a, ai + 2 * BLOCK), m3 = load(a, ai + 3 * BLOCK), m4 = load(a, ai + 4 * BLOCK);
        FloatVector r0 = load(r, ri), r1 = load(r, ri + BLOCK), r2 = load(r, ri + 2 * BLOCK), r3 = load(r, ri + 3 * BLOCK);
        FloatVector two = all(2f), four = all(4f), eight = all(8f);
        FloatVector s1 = m1.add(m2), d1 = m1.sub(m2), s2 = m3.add(m4), d2 = m3.sub(m4);
        m0.add(s1).add(s2).add(r0).intoArray(o, oi);
        two.fma(d2, d1).add(b).add(r1).intoArray(o, oi + BLOCK);
        four.fma(s2, s1).add(b).add(r2).intoArray(o, oi + 2 * BLOCK);
        eight.fma(d2, d1).add(m5).add(r3).intoArray(o, oi + 3 * BLOCK);
    }

    /** A: 4 → 6. */
    private static void a(float[] a, int ai, int as, float[] o, int oi, int os) {
        FloatVector y0 = load(a, ai), y1 = load(a, ai + as), y2 = load(a, ai + 2 * as), y3 = load(a, ai + 3 * as);
        FloatVector four = all(4f), eight = all(8f);
        FloatVector even = y0.add(y2), odd = y1.add(y3);
        FloatVector even2 = four.fma(y2, y0), odd2 = eight.fma(y3, y1.add(y1));
        y0.intoArray(o, oi);
        even.add(odd).intoArray(o, oi + os);
        even.sub(odd).intoArray(o, oi + 2 * os);
        even2.add(odd2).intoArray(o, oi + 3 * os);
        even2.sub(odd2).intoArray(o, oi + 4 * os);
        y3.intoArray(o, oi + 5 * os);
    }

    /** G: 3 → 6. */
    private static void g(float[] a, int ai, int as, float[] o, int oi, int os) {
        FloatVector w0 = load(a, ai), w1 = load(a, ai + as), w2 = load(a, ai + 2 * as);
        FloatVector s = w0.add(w2).mul(-1 / 6f), m = w1.mul(1 / 6f);
        FloatVector q = w0.mul(1 / 24f).add(w2.mul(1 / 6f)), r = w1.mul(1 / 12f);
        w0.mul(.25f).intoArray(o, oi);
        s.sub(m).intoArray(o, oi + os);
        s.add(m).intoArray(o, oi + 2 * os);
        q.add(r).intoArray(o, oi + 3 * os);
        q.sub(r).intoArray(o, oi + 4 * os);
        w2.intoArray(o, oi + 5 * os);
    }

    /** Gᵀ: 6 → 3. */
    private static void gt(float[] a, int ai, int as, float[] o, int oi, int os) {
        FloatVector u0 = load(a, ai), u1 = load(a, ai + as), u2 = load(a, ai + 2 * as);
        FloatVector u3 = load(a, ai + 3 * as), u4 = load(a, ai + 4 * as), u5 = load(a, ai + 5 * as);
        FloatVector s = u1.add(u2).mul(-1 / 6f), d = u2.sub(u1).mul(1 / 6f), e = u3.add(u4), f = u3.sub(u4);
        u0.mul(.25f).add(s).add(e.mul(1 / 24f)).intoArray(o, oi);
        d.add(f.mul(1 / 12f)).intoArray(o, oi + os);
        s.add(e.mul(1 / 6f)).add(u5).intoArray(o, oi + 2 * os);
    }
}
