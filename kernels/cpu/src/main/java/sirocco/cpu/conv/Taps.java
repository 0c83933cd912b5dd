package sirocco.cpu.conv;

import java.util.ArrayList;
import java.util.List;

/**
 * The kernel positions that make output pixels (y0 + step·i, x0 + step·j): a convolution has one such set, and the gradient with
 * respect to the input of a convolution of stride s has s², each an ordinary convolution of its own.
 *
 * @param y0 first output row, likewise x0
 * @param h rows of such pixels, likewise w
 * @param r the kernel row of each tap, s its column
 * @param dy the input row of each tap for i = 0 (may be negative: padding), dx its column for j = 0
 */
record Taps(int y0, int x0, int h, int w, int[] r, int[] s, int[] dy, int[] dx) {
    /** Forward: output pixel (0,0) reads input pixel (r − padTop, s − padLeft). */
    static List<Taps> forward(ConvShape c) {
        List<int[]> taps = new ArrayList<>();
        for (int r = 0; r < c.r(); r++) {
            for (int s = 0; s < c.s(); s++) {
                taps.add(new int[] {r, s, r - c.padTop(), s - c.padLeft()});
            }
        }
        return List.of(of(0, 0, c.outH(), c.outW(), taps));
    }

    /** Backward: dx pixel y gets dy pixel (y + padTop − r) / stride through kernel row r, where that is whole. */
    static List<Taps> backward(ConvShape c) {
        List<Taps> phases = new ArrayList<>();
        for (int y0 = 0; y0 < Math.min(c.stride(), c.h()); y0++) {
            for (int x0 = 0; x0 < Math.min(c.stride(), c.w()); x0++) {
                List<int[]> taps = new ArrayList<>();
                for (int r = c.r() - 1; r >= 0; r--) {
                    for (int s = c.s() - 1; s >= 0; s--) {
                        int y = y0 + c.padTop() - r;
                        int x = x0 + c.padLeft() - s;
                        if (Math.floorMod(y, c.stride()) == 0 && Math.floorMod(x, c.stride()) == 0) {
                            taps.add(new int[] {r, s, Math.floorDiv(y, c.stride()), Math.floorDiv(x, c.stride())});
                        }
                    }
                }
                phases.add(of(y0, x0, ceilDiv(c.h() - y0, c.stride()), ceilDiv(c.w() - x0, c.stride()), taps));
            }
        }
        return phases;
    }

    private static Taps of(int y0, int x0, int h, int w, List<int[]> taps) {
        int[][] columns = new int[4][taps.size()];
        for (int t = 0; t < taps.size(); t++) {
            for (int i = 0; i < 4; i++) {
                columns[i][t] = taps.get(t)[i];
            }
        }
        return new Taps(y0, x0, h, w, columns[0], columns[1], columns[2], columns[3]);
    }

    int count() {
        return r.length;
    }

    static int ceilDiv(int a, int b) {
        return (a + b - 1) / b;
    }
}
