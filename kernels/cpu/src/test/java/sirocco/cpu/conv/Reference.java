package sirocco.cpu.conv;

/** The three passes of a convolution by their definitions, in double precision, on logical NHWC and OHWI arrays. */
final class Reference {
    private Reference() { }

    /** What a pass does for one pair of an output and an input element: indices into y, x and w. */
    private interface Term {
        void at(int y, int x, int w);
    }

    private static void forEach(ConvShape s, Term term) {
        for (int n = 0; n < s.n(); n++) {
            for (int p = 0; p < s.outH(); p++) {
                for (int q = 0; q < s.outW(); q++) {
                    for (int r = 0; r < s.r(); r++) {
                        int h = p * s.stride() + r - s.padTop();
                        for (int t = 0; t < s.s(); t++) {
                            int w = q * s.stride() + t - s.padLeft();
                            if (h >= 0 && h < s.h() && w >= 0 && w < s.w()) {
                                for (int k = 0; k < s.k(); k++) {
                                    int y = ((n * s.outH() + p) * s.outW() + q) * s.k() + k;
                                    for (int c = 0; c < s.c(); c++) {
                                        term.at(y, ((n * s.h() + h) * s.w() + w) * s.c() + c,
                                                ((k * s.r() + r) * s.s() + t) * s.c() + c);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    static double[] forward(ConvShape s, float[] x, float[] w, float[] bias, float[] perChannel, float[] residual) {
        double[] y = new double[s.n() * s.outH() * s.outW() * s.k()];
        forEach(s, (yi, xi, wi) -> y[yi] += (double) x[xi] * w[wi]);
        int image = s.outH() * s.outW() * s.k();
        for (int i = 0; i < y.length; i++) {
            y[i] += (bias == null ? 0 : bias[i % s.k()]) + (residual == null ? 0 : residual[i])
                    + (perChannel == null ? 0 : perChannel[i / image * s.k() + i % s.k()]);
        }
        return y;
    }

    static double[] backwardData(ConvShape s, float[] dy, float[] w) {
        double[] dx = new double[s.n() * s.h() * s.w() * s.c()];
        forEach(s, (yi, xi, wi) -> dx[xi] += (double) dy[yi] * w[wi]);
        return dx;
    }

    /** @param dw what the gradient is added to */
    static double[] backwardWeights(ConvShape s, float[] x, float[] dy, float[] dw) {
        double[] sum = new double[dw.length];
        for (int i = 0; i < dw.length; i++) {
            sum[i] = dw[i];
        }
        forEach(s, (yi, xi, wi) -> sum[wi] += (double) dy[yi] * x[xi]);
        return sum;
    }

    static double[] bias(ConvShape s, float[] dy, float[] db) {
        double[] sum = new double[db.length];
        for (int i = 0; i < db.length; i++) {
            sum[i] = db[i];
        }
        for (int i = 0; i < dy.length; i++) {
            sum[i % s.k()] += dy[i];
        }
        return sum;
    }

    /** ‖a − reference‖₂ / ‖reference‖₂; not a number if a is not one anywhere. */
    static double error(float[] a, double[] reference) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < a.length; i++) {
            difference += (a[i] - reference[i]) * (a[i] - reference[i]);
            norm += reference[i] * reference[i];
        }
        return norm == 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
    }
}
