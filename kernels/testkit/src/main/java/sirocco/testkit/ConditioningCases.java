package sirocco.testkit;

import java.util.List;
import sirocco.api.Conditioning;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Dropout, embeddings and labels. */
final class ConditioningCases {
    private ConditioningCases() { }

    static void addTo(List<OpCase> cases) {
        for (Shape s : MoveCases.SHAPES) {
            cases.add(dropout(s, 0.1f, 42, 7, 0));
        }
        cases.add(dropout(new Shape(3, 5, 7, 20), 0.5f, -1, 1_000_000, 40));
        cases.add(dropout(new Shape(2, 8, 8, 33), 0.9f, 0x1234_5678_9abc_def0L, 0, Integer.MAX_VALUE - 1));
        cases.add(dropout(new Shape(2, 8, 8, 16), 0.001f, 1, 1, 1));

        for (int dim : List.of(2, 20, 32, 33, 128)) {
            for (boolean flip : List.of(false, true)) {
                cases.add(timestepEmbedding(dim, flip, 0));
                if (dim > 2) {
                    cases.add(timestepEmbedding(dim, flip, 1));
                }
            }
        }
        for (int dim : List.of(1, 3, 16, 20, 96)) {
            cases.add(embedding(dim));
            cases.add(embeddingBackward(dim));
        }
        for (float p : List.of(0f, 0.1f, 0.5f, 1f)) {
            cases.add(dropLabels(33, p));
            cases.add(dropLabels(1, p));
        }
        cases.add(gradients());
    }

    private static OpCase dropout(Shape s, float p, long seed, int step, int first) {
        return OpCase.of("Dropout x" + s + " p " + p + " seed " + seed + " step " + step + " index " + first, c -> {
            Value x = c.input("x", s);
            Value rng = c.rng(seed, step);
            Value index = c.index(s.n(), first);
            Value once = c.g.in("dropout0", () -> c.g.dropout(x, rng, index, p));
            c.result(once, Tolerance.elementwise(0));
            c.result(c.g.in("dropout1", () -> c.g.dropout(x, rng, index, p)), Tolerance.elementwise(0)); // a mask of its own
        });
    }

    private static OpCase timestepEmbedding(int dim, boolean flip, float freqShift) {
        return OpCase.of("TimestepEmbedding dim " + dim + (flip ? " flipped" : "") + " freqShift " + freqShift, c -> {
            double[] ts = {0, 1, 500, 999, 3.5};
            Value t = c.input("t", Shape.features(5, 1), (random, i) -> ts[i]);
            c.result(c.g.in("embedding", () -> c.g.timestepEmbedding(t, dim, flip, freqShift)), Tolerance.sinusoid(999));
        });
    }

    private static OpCase embedding(int dim) {
        return OpCase.of("Embedding dim " + dim, c -> {
            Value ids = c.ids("ids", 10, 0, 3, 3, 7);
            Value table = c.parameter("table", new Shape(11, 1, 1, dim));
            c.result(c.g.in("embedding", () -> c.g.embedding(ids, table)), Tolerance.EXACT);
        });
    }

    private static OpCase embeddingBackward(int dim) {
        return OpCase.of("EmbeddingBackward dim " + dim, c -> {
            Value ids = c.ids("ids", 10, 0, 3, 3, 7, 3, 0);
            Value dy = c.input("dy", Shape.features(7, dim));
            Value dTable = c.state("dTable", new Shape(11, 1, 1, dim));
            c.op(new Conditioning.EmbeddingBackward(ids, dy, dTable));
            c.result(dTable, Tolerance.sum(4, 2));
        });
    }

    private static OpCase dropLabels(int n, float p) {
        return OpCase.of("DropLabels n " + n + " p " + p, c -> {
            int[] all = new int[n];
            for (int i = 0; i < n; i++) {
                all[i] = i % 10;
            }
            Value labels = c.ids("labels", all);
            Value rng = c.rng(99, 12);
            Value index = c.index(n, 3);
            c.result(c.g.in("drop", () -> c.g.dropLabels(labels, rng, index, p, 10)), Tolerance.EXACT);
        });
    }

    private static OpCase gradients() {
        return OpCase.of("gradients of Embedding", c -> {
            Value ids = c.ids("ids", 2, 0, 2);
            Value table = c.parameter("table", new Shape(4, 1, 1, 3), CaseBuilder.normal(0, 1));
            c.train(c.g.in("embedding", () -> c.g.embedding(ids, table)));
        });
    }
}
