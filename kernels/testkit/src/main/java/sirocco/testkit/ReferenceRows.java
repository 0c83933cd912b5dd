package sirocco.testkit;

import sirocco.api.Conditioning;
import sirocco.api.Loss;
import sirocco.api.Step;

/** Ops that pick a row of a table, or a class, by its number. */
final class ReferenceRows {
    private ReferenceRows() { }

    /** {@link Conditioning.Embedding} */
    static void embedding(Step step, Tensor ids, Tensor table, Tensor y) {
        for (int i = 0; i < ids.size(); i++) {
            int row = number(step, ids, i, table.n());
            for (int c = 0; c < y.c(); c++) {
                y.set(i * y.c() + c, table.get(row, 0, 0, c));
            }
        }
    }

    /** {@link Conditioning.EmbeddingBackward}: accumulates. */
    static void embeddingBackward(Step step, Tensor ids, Tensor dy, Tensor dTable) {
        for (int i = 0; i < ids.size(); i++) {
            int row = number(step, ids, i, dTable.n());
            for (int c = 0; c < dy.c(); c++) {
                dTable.add(row, 0, 0, c, dy.get(i * dy.c() + c));
            }
        }
    }

    /** {@link Loss.CrossEntropy} */
    static void crossEntropy(Step step, Tensor logits, Tensor labels, Tensor loss) {
        double sum = 0;
        for (int i = 0; i < labels.size(); i++) {
            sum += logSumExp(logits, i) - logits.get(i * logits.c() + number(step, labels, i, logits.c()));
        }
        loss.set(0, sum / labels.size());
    }

    /** {@link Loss.CrossEntropyBackward} */
    static void crossEntropyBackward(Step step, Tensor logits, Tensor labels, Tensor dLogits) {
        for (int i = 0; i < labels.size(); i++) {
            double logs = logSumExp(logits, i);
            int label = number(step, labels, i, logits.c());
            for (int c = 0; c < logits.c(); c++) {
                double p = Math.exp(logits.get(i * logits.c() + c) - logs);
                dLogits.set(i * logits.c() + c, (p - (c == label ? 1 : 0)) / labels.size());
            }
        }
    }

    private static double logSumExp(Tensor logits, int i) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < logits.c(); c++) {
            largest = Math.max(largest, logits.get(i * logits.c() + c));
        }
        double sum = 0;
        for (int c = 0; c < logits.c(); c++) {
            sum += Math.exp(logits.get(i * logits.c() + c) - largest);
        }
        return largest + Math.log(sum);
    }

    private static int number(Step step, Tensor ids, int i, int rows) {
        int row = ids.integer(i);
        if (row < 0 || row >= rows) {
            throw new IllegalArgumentException(step + ": id " + row + " of image " + i + " is not a row of the table, expected 0 to " + (rows - 1));
        }
        return row;
    }
}
