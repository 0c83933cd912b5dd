package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Ids that the host writes are checked by the tables that read them, whatever moves them in between. */
class IdsTest {
    private final GraphBuilder g = new GraphBuilder();
    private final Value ids = g.input("ids", Shape.features(4, 1), DType.I32);

    private void refused(Graph graph, int bad, String... mentioned) {
        Ids checks = new Ids(graph);
        checks.written(ids, new int[] {0, bad, 1, 0});
        String message = assertThrows(IllegalStateException.class, checks::check).getMessage();
        for (String m : mentioned) {
            assertTrue(message.contains(m), message);
        }
        checks.written(ids, new int[] {0, 1, 1, 0});
        assertDoesNotThrow(checks::check);
    }

    @Test
    void throughReshapeAndRepeat() {
        Value tokens = g.reshape(ids, new Shape(2, 1, 2, 1));
        Value twice = g.repeat(tokens);
        Value table = g.parameter("table", new Shape(7, 1, 1, 3));
        g.output(g.in("tokens", () -> g.embedding(twice, table)));
        refused(g.build(), 7, "\"tokens\"", "id 7", "0 to 6", "image 1", "ids");
        refused(g.build(), -1, "id -1");
    }

    @Test
    void theSmallestTableCounts() {
        g.output(g.in("large", () -> g.embedding(ids, g.parameter("large", new Shape(7, 1, 1, 3)))));
        g.output(g.in("small", () -> g.embedding(ids, g.parameter("small", new Shape(3, 1, 1, 3)))));
        refused(g.build(), 5, "\"small\"", "0 to 2");
    }

    @Test
    void imagesOfADatasetAndClasses() {
        Value dataset = g.input("dataset", new Shape(5, 2, 2, 1), DType.U8);
        Value copied = g.copy(ids);
        Value images = g.in("gather", () -> g.gatherImages(dataset, copied));
        Value rng = g.input("rng", Shape.vector(4), DType.I32);
        g.output(g.pixels(images, rng, g.input("index", Shape.features(4, 1), DType.I32), false));
        refused(g.build(), 5, "\"gather\"", "0 to 4");
        Value logits = g.input("logits", Shape.features(4, 2), DType.F32);
        g.output(g.in("loss", () -> g.crossEntropy(logits, ids)));
        refused(g.build(), 2, "\"loss\"", "0 to 1");
    }
}
