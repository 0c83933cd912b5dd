package sirocco.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class NchwTest {
    @Test
    void layoutsAreSwappedAndSwappedBack() {
        // Image i, channel c, row y, column x holds 1000 i + 100 c + 10 y + x.
        float[] nchw = new float[2 * 3 * 2 * 4];
        float[] nhwc = new float[nchw.length];
        for (int i = 0; i < 2; i++) {
            for (int c = 0; c < 3; c++) {
                for (int y = 0; y < 2; y++) {
                    for (int x = 0; x < 4; x++) {
                        float v = 1000 * i + 100 * c + 10 * y + x;
                        nchw[((i * 3 + c) * 2 + y) * 4 + x] = v;
                        nhwc[((i * 2 + y) * 4 + x) * 3 + c] = v;
                    }
                }
            }
        }
        assertArrayEquals(nhwc, Nchw.toNhwc(nchw, 2, 3, 2, 4));
        assertArrayEquals(nchw, Nchw.fromNhwc(nhwc, 2, 3, 2, 4));
    }
}
