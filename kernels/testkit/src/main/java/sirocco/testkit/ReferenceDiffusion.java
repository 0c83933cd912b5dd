package sirocco.testkit;

import java.util.List;
import sirocco.api.Diffusion;
import sirocco.api.Philox;
import sirocco.api.Step;

/** Linear combinations by tables, and pixels. */
final class ReferenceDiffusion {
    private ReferenceDiffusion() { }

    /** {@link Diffusion.Combine} */
    static void combine(Step step, Tensor table, Tensor row, List<Tensor> x, List<Tensor> y) {
        int each = (int) y.getFirst().shape().imageElements();
        for (int n = 0; n < y.getFirst().n(); n++) {
            int r = row(step, table, row, n);
            for (int j = 0; j < y.size(); j++) {
                for (int e = 0; e < each; e++) {
                    double sum = 0;
                    for (int k = 0; k < x.size(); k++) {
                        sum += table.get(r, 0, j, k) * x.get(k).get(n * each + e);
                    }
                    y.get(j).set(n * each + e, sum);
                }
            }
        }
    }

    /** {@link Diffusion.Lookup} */
    static void lookup(Step step, Tensor table, Tensor row, int column, Tensor y) {
        int width = (int) table.shape().imageElements();
        for (int n = 0; n < y.n(); n++) {
            y.set(n, table.get(row(step, table, row, n) * width + column));
        }
    }

    /** {@link Diffusion.Pixels} */
    static void pixels(Tensor images, Tensor rng, Tensor index, boolean flip, Tensor x0) {
        Noise noise = new Noise(rng, index);
        x0.forEach((n, h, w, c) -> {
            boolean mirrored = flip && Philox.flip(noise.seed(), noise.sample(n), noise.step());
            x0.set(n, h, w, c, images.get(n, h, mirrored ? images.w() - 1 - w : w, c) / 127.5 - 1);
        });
    }

    private static int row(Step step, Tensor table, Tensor rows, int n) {
        int row = rows.integer(rows.size() == 1 ? 0 : n);
        if (row < 0 || row >= table.n()) {
            throw new IllegalStateException(step + ": the row to read is " + row + ", but the table has rows 0 to " + (table.n() - 1));
        }
        return row;
    }
}
