package sirocco.testkit;

import sirocco.api.Op;

/** Moving and adding. */
final class ReferenceMoves {
    private ReferenceMoves() { }

    /** {@link Op.Add} */
    static void add(Tensor a, Tensor b, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            y.set(i, a.get(i) + b.get(i));
        }
    }

    /** {@link Op.Concat} */
    static void concat(Tensor a, Tensor b, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            int pixel = i / y.c();
            int c = i % y.c();
            y.set(i, c < a.c() ? a.get(pixel * a.c() + c) : b.get(pixel * b.c() + c - a.c()));
        }
    }

    /** {@link Op.Slice} */
    static void slice(Tensor x, int from, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            y.set(i, x.get(i / y.c() * x.c() + from + i % y.c()));
        }
    }

    /** {@link Op.Upsample} */
    static void upsample(Tensor x, Tensor y) {
        for (int n = 0; n < y.n(); n++) {
            for (int h = 0; h < y.h(); h++) {
                for (int w = 0; w < y.w(); w++) {
                    for (int c = 0; c < y.c(); c++) {
                        y.set(n, h, w, c, x.get(n, h / 2, w / 2, c));
                    }
                }
            }
        }
    }

    /** {@link Op.UpsampleBackward} */
    static void upsampleBackward(Tensor dy, Tensor dx) {
        dx.fill(0);
        for (int n = 0; n < dy.n(); n++) {
            for (int h = 0; h < dy.h(); h++) {
                for (int w = 0; w < dy.w(); w++) {
                    for (int c = 0; c < dy.c(); c++) {
                        dx.add(n, h / 2, w / 2, c, dy.get(n, h, w, c));
                    }
                }
            }
        }
    }

    /** {@link Op.SumPixels} */
    static void sumPixels(Tensor x, Tensor y) {
        y.fill(0);
        for (int i = 0; i < x.size(); i++) {
            y.add(i / (x.h() * x.w() * x.c()) * x.c() + i % x.c(), x.get(i));
        }
    }

    /** {@link Op.Repeat} */
    static void repeat(Tensor x, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            y.set(i, x.get(i % x.size()));
        }
    }
}
