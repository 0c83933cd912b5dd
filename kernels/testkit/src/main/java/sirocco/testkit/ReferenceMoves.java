package sirocco.testkit;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Movement;
import sirocco.api.Step;

/** Moving, copying and generating elements. */
final class ReferenceMoves {
    private ReferenceMoves() { }

    /** {@link Movement.Concat} */
    static void concat(Tensor a, Tensor b, Axis axis, Tensor y) {
        int first = a.shape().size(axis);
        y.forEach((n, h, w, c) -> {
            int[] at = {n, h, w, c};
            boolean second = at[axis.ordinal()] >= first;
            if (second) {
                at[axis.ordinal()] -= first;
            }
            y.set(n, h, w, c, (second ? b : a).get(at[0], at[1], at[2], at[3]));
        });
    }

    /** {@link Movement.Slice} */
    static void slice(Tensor x, Axis axis, int from, Tensor y) {
        y.forEach((n, h, w, c) -> {
            int[] at = {n, h, w, c};
            at[axis.ordinal()] += from;
            y.set(n, h, w, c, x.get(at[0], at[1], at[2], at[3]));
        });
    }

    /** {@link Movement.Repeat} */
    static void repeat(Tensor x, Tensor y) {
        y.forEach((n, h, w, c) -> y.set(n, h, w, c, x.get(n % x.n(), h % x.h(), w % x.w(), c % x.c())));
    }

    /** {@link Movement.Reshape} */
    static void reshape(Tensor x, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            y.set(i, x.get(i));
        }
    }

    /** {@link Movement.Permute} */
    static void permute(Tensor x, List<Axis> order, Tensor y) {
        y.forEach((n, h, w, c) -> {
            int[] ofY = {n, h, w, c};
            int[] ofX = new int[4];
            for (int i = 0; i < 4; i++) {
                ofX[order.get(i).ordinal()] = ofY[i];
            }
            y.set(n, h, w, c, x.get(ofX[0], ofX[1], ofX[2], ofX[3]));
        });
    }

    /** {@link Movement.Ramp} */
    static void ramp(double start, double step, Axis axis, Tensor y) {
        y.forEach((n, h, w, c) -> y.set(n, h, w, c, start + step * new int[] {n, h, w, c}[axis.ordinal()]));
    }

    /** {@link Movement.Accumulate} */
    static void accumulate(Tensor x, Tensor into) {
        for (int i = 0; i < x.size(); i++) {
            into.add(i, x.get(i));
        }
    }

    /** {@link Movement.GatherImages} */
    static void gatherImages(Step step, Tensor dataset, Tensor ids, Tensor images) {
        int each = (int) images.shape().imageElements();
        for (int n = 0; n < images.n(); n++) {
            int id = ids.integer(n);
            if (id < 0 || id >= dataset.n()) {
                throw new IllegalArgumentException(step + ": id " + id + " of image " + n + " is not in the dataset, expected 0 to " + (dataset.n() - 1));
            }
            for (int e = 0; e < each; e++) {
                images.set(n * each + e, dataset.get(id * each + e));
            }
        }
    }
}
