package sirocco.testkit;

import sirocco.api.Convolution;
import sirocco.api.Window;

/** Convolution as the sum that defines it: y[n,i,j,k] = Σ over r, s, c of x[n, i·stride + r − top, j·stride + s − left, c] · w[k,r,s,c]. */
final class ReferenceConv {
    private ReferenceConv() { }

    /** A tap of the kernel that falls on a pixel: input (n,h,w), output (n,i,j), kernel (k,r,s). */
    private interface Tap {
        void at(int n, int h, int w, int i, int j, int k, int r, int s);
    }

    private static void forEachTap(Tensor x, Tensor y, Window window, Tap tap) {
        for (int n = 0; n < y.n(); n++) {
            for (int i = 0; i < y.h(); i++) {
                for (int j = 0; j < y.w(); j++) {
                    for (int r = 0; r < window.kernelH(); r++) {
                        int h = i * window.stride() + r - window.top();
                        for (int s = 0; s < window.kernelW(); s++) {
                            int w = j * window.stride() + s - window.left();
                            if (h >= 0 && h < x.h() && w >= 0 && w < x.w()) {
                                for (int k = 0; k < y.c(); k++) {
                                    tap.at(n, h, w, i, j, k, r, s);
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /** {@link Convolution.Conv2d} */
    static void forward(Tensor x, Tensor w, Window window, Tensor y) {
        y.fill(0);
        forEachTap(x, y, window, (n, h, wx, i, j, k, r, s) -> {
            double[] xs = x.data();
            double[] ws = w.data();
            int xAt = x.offset() + x.at(n, h, wx, 0);
            int wAt = w.offset() + w.at(k, r, s, 0);
            double sum = 0;
            for (int c = 0; c < x.c(); c++) {
                sum += xs[xAt + c] * ws[wAt + c];
            }
            y.add(n, i, j, k, sum);
        });
    }

    /** {@link Convolution.Conv2dBackwardData}: each tap of the forward sum sends w·dy back to the pixel that it read. */
    static void backwardData(Tensor dy, Tensor w, Window window, Tensor dx) {
        dx.fill(0);
        forEachTap(dx, dy, window, (n, h, wx, i, j, k, r, s) -> {
            double g = dy.get(n, i, j, k);
            int wAt = w.at(k, r, s, 0);
            int xAt = dx.at(n, h, wx, 0);
            for (int c = 0; c < dx.c(); c++) {
                dx.add(xAt + c, g * w.get(wAt + c));
            }
        });
    }

    /** {@link Convolution.Conv2dBackwardWeights}: accumulates. */
    static void backwardWeights(Tensor x, Tensor dy, Window window, Tensor dw) {
        forEachTap(x, dy, window, (n, h, wx, i, j, k, r, s) -> {
            double g = dy.get(n, i, j, k);
            int xAt = x.at(n, h, wx, 0);
            int wAt = dw.at(k, r, s, 0);
            for (int c = 0; c < x.c(); c++) {
                dw.add(wAt + c, g * x.get(xAt + c));
            }
        });
    }
}
