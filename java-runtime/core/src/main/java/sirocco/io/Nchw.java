package sirocco.io;

/** Between the layout of files, NCHW, and ours, NHWC. */
public final class Nchw {
    private Nchw() { }

    /** [n,c,h,w] → [n,h,w,c] */
    public static float[] toNhwc(float[] nchw, int n, int c, int h, int w) {
        return swapped(nchw, n, c, h * w);
    }

    /** [n,h,w,c] → [n,c,h,w] */
    public static float[] fromNhwc(float[] nhwc, int n, int c, int h, int w) {
        return swapped(nhwc, n, h * w, c);
    }

    /** [n,a,b] → [n,b,a] */
    private static float[] swapped(float[] in, int n, int a, int b) {
        float[] out = new float[in.length];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < a; j++) {
                for (int k = 0; k < b; k++) {
                    out[(i * b + k) * a + j] = in[(i * a + j) * b + k];
                }
            }
        }
        return out;
    }
}
