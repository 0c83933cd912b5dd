package sirocco.cpu.conv;

import sirocco.cpu.Layout;

/** Checks of operands at plan time, so that runs need none. */
final class Checks {
    private Checks() { }

    static void fits(String name, Layout l, int n, int h, int w, int c, ConvShape shape) {
        if (l.n() != n || l.h() != h || l.w() != w || l.c() != c) {
            throw new IllegalArgumentException("convolution " + shape + ": " + name + " should be [" + n + "," + h + "," + w + "," + c
                    + "], but its layout is that of [" + l.n() + "," + l.h() + "," + l.w() + "," + l.c() + "]");
        }
        if (!l.blocked() && c >= Layout.BLOCK) {
            throw new IllegalArgumentException("convolution " + shape + ": " + name + " has " + c + " channels in a plain layout, which is for "
                    + "fewer than " + Layout.BLOCK + "; use a blocked one");
        }
        if (l.floats() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("convolution " + shape + ": " + name + " has " + l.floats() + " floats, at most "
                    + Integer.MAX_VALUE + " can be addressed; use a smaller batch");
        }
    }
}
