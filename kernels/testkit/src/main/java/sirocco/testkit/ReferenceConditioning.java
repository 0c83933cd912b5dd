package sirocco.testkit;

import sirocco.api.Op;
import sirocco.api.Philox;
import sirocco.api.Step;

/** Dropout, embeddings and labels. */
final class ReferenceConditioning {
    private ReferenceConditioning() { }

    /** {@link Op.Dropout} */
    static void dropout(Tensor x, Tensor rng, Tensor index, float p, int id, Tensor y) {
        Noise noise = new Noise(rng, index);
        int elements = (int) x.shape().imageElements();
        int[] words = new int[elements];
        for (int n = 0; n < x.n(); n++) {
            Philox.words(noise.seed(), noise.sample(n), noise.step(), Philox.DROPOUT + id, words, 0, elements);
            for (int e = 0; e < elements; e++) {
                int i = n * elements + e;
                y.set(i, Philox.uniform(words[e]) >= p ? x.get(i) / (1 - (double) p) : 0);
            }
        }
    }

    /** {@link Op.TimestepEmbedding} */
    static void timestepEmbedding(Tensor t, boolean flipSinToCos, float freqShift, float maxPeriod, Tensor y) {
        int half = y.c() / 2;
        y.fill(0);
        for (int n = 0; n < y.n(); n++) {
            for (int i = 0; i < half; i++) {
                double omega = Math.exp(-Math.log(maxPeriod) * i / (half - (double) freqShift));
                double angle = t.get(n) * omega;
                y.set(n, 0, 0, flipSinToCos ? half + i : i, Math.sin(angle));
                y.set(n, 0, 0, flipSinToCos ? i : half + i, Math.cos(angle));
            }
        }
    }

    /** {@link Op.Embedding} */
    static void embedding(Step step, Tensor ids, Tensor table, Tensor y) {
        for (int n = 0; n < y.n(); n++) {
            int row = row(step, ids, n, table.n());
            for (int c = 0; c < y.c(); c++) {
                y.set(n, 0, 0, c, table.get(row, 0, 0, c));
            }
        }
    }

    /** {@link Op.EmbeddingBackward}: accumulates. */
    static void embeddingBackward(Step step, Tensor ids, Tensor dy, Tensor dTable) {
        for (int n = 0; n < dy.n(); n++) {
            int row = row(step, ids, n, dTable.n());
            for (int c = 0; c < dy.c(); c++) {
                dTable.add(row, 0, 0, c, dy.get(n, 0, 0, c));
            }
        }
    }

    private static int row(Step step, Tensor ids, int n, int rows) {
        int row = ids.integer(n);
        if (row < 0 || row >= rows) {
            throw new IllegalArgumentException(step + ": id " + row + " of image " + n + " is not a row of the table, expected 0 to " + (rows - 1));
        }
        return row;
    }

    /** {@link Op.DropLabels} */
    static void dropLabels(Tensor labels, Tensor rng, Tensor index, float p, int nullLabel, Tensor y) {
        Noise noise = new Noise(rng, index);
        for (int n = 0; n < y.n(); n++) {
            y.set(n, Philox.labelDrop(noise.seed(), noise.sample(n), noise.step()) < p ? nullLabel : labels.get(n));
        }
    }
}
