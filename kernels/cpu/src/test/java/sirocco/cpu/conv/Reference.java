package sirocco.cpu.conv;

/** The three passes of a convolution by their definitions, in double precision, on logical NHWC and OHWI arrays. */
final class Reference {
    private Reference() { }

    /** What a pass does for an output element and all channels of an input pixel: indices into y, and of the first channel into x and w. */
    private interface Terms {
        void at(int y, int x, int w);
    }

    private static void forEach(ConvShape s, Terms terms) {
        for (int n = 0; n < s.n(); n++) {
            for (int p = 0; p < s.outH(); p++) {
                for (int q = 0; q < s.outW(); q++) {
                    for (int r = 0; r < s.r(); r++) {
                        int h = p * s.stride() + r - s.padTop();
                        for (int t = 0; t < s.s(); t++) {
                            int w = q * s.stride() + t - s.padLeft();
                            if (h >= 0 && h < s.h() && w >= 0 && w < s.w()) {
                                for (int k = 0; k < s.k(); k++) {
                                    terms.at(((n * s.outH() + p) * s.outW() + q) * s.k() + k, ((n * s.h() + h) * s.w() + w) * s.c(),
                                            ((k * s.r() + r) * s.s() + t) * s.c());
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /** x ∗ w, to which nothing is added. */
    static double[] forward(ConvShape s, float[] x, float[] w) {
        double[] y = new double[s.n() * s.outH() * s.outW() * s.k()];
        forEach(s, (yi, xi, wi) -> {
            double sum = 0;
            for (int c = 0; c < s.c(); c++) {
                sum += (double) x[xi + c] * w[wi + c];
            }
            y[yi] += sum;
        });
        return y;
    }

    /** {@code y} with what a forward pass adds to it; each may be null. */
    static double[] plus(ConvShape s, double[] y, float[] bias, float[] perChannel, float[] residual) {
        double[] sum = y.clone();
        int image = s.outH() * s.outW() * s.k();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += (bias == null ? 0 : bias[i % s.k()]) + (residual == null ? 0 : residual[i])
                    + (perChannel == null ? 0 : perChannel[i / image * s.k() + i % s.k()]);
        }
        return sum;
    }

    static double[] backwardData(ConvShape s, float[] dy, float[] w) {
        double[] dx = new double[s.n() * s.h() * s.w() * s.c()];
        forEach(s, (yi, xi, wi) -> {
            for (int c = 0; c < s.c(); c++) {
                dx[xi + c] += (double) dy[yi] * w[wi + c];
            }
        });
        return dx;
    }

    /** Of {@code dy} alone: it is added to what there is. */
    static double[] backwardWeights(ConvShape s, float[] x, float[] dy) {
        double[] dw = new double[s.weights()];
        forEach(s, (yi, xi, wi) -> {
            for (int c = 0; c < s.c(); c++) {
                dw[wi + c] += (double) dy[yi] * x[xi + c];
            }
        });
        return dw;
    }

    static double[] plus(double[] a, float[] b) {
        double[] sum = a.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += b[i];
        }
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
