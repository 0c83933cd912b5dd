package sirocco.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;

class ChunksTest {
    private final GraphBuilder g = new GraphBuilder();
    /** One chunk; exactly two; two and a rest. */
    private final List<Value> tensors = List.of(g.parameter("a", Shape.vector(3)), g.parameter("b", Shape.vector(2 * Chunks.SIZE)),
            g.parameter("c", Shape.vector(2 * Chunks.SIZE + 5)));
    private final List<Value> others = tensors.stream().map(v -> g.parameter(v.name() + "'", v.shape())).toList();

    @Test
    void everyElementIsInOneChunk() {
        assertEquals(6, Chunks.count(tensors));
        assertEquals(18, Chunks.entries(tensors, 2));
        long[] table = Chunks.table(List.of(new Chunks.Column(tensors, v -> 100_000L * (v.id() + 1), 4),
                new Chunks.Column(others, v -> -1_000_000L * v.id(), 2)));
        assertArrayEquals(new long[] {
            100_000, -3_000_000, 3,
            200_000, -4_000_000, 4096,
            216_384, -3_991_808, 4096,
            300_000, -5_000_000, 4096,
            316_384, -4_991_808, 4096,
            332_768, -4_983_616, 5}, table);
    }
}
