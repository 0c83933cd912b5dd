package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** What measurements are kept by. */
class SignatureTest {
    private static Op convolution(String name, int batch, boolean bias, Window window) {
        GraphBuilder g = new GraphBuilder();
        g.input("before", Shape.vector(name.length()), DType.F32); // so that ids differ
        Value x = g.input(name, new Shape(batch, 8, 8, 4), DType.F32);
        Value w = g.parameter(name + ".weight", new Shape(6, window.kernelH(), window.kernelW(), 4));
        Optional<Value> b = bias ? Optional.of(g.parameter(name + ".bias", Shape.vector(6))) : Optional.empty();
        g.output(g.in(name, () -> g.conv2d(x, w, b, Optional.empty(), Optional.empty(), window)));
        Graph graph = g.build();
        return graph.steps().getFirst().op();
    }

    @Test
    void namesAndIdsDoNotMatter() {
        assertEquals(convolution("a", 2, true, Window.same(3)).signature(), convolution("another", 2, true, Window.same(3)).signature());
    }

    @Test
    void shapesOperandsAndAttributesDo() {
        String signature = convolution("a", 2, true, Window.same(3)).signature();
        assertNotEquals(signature, convolution("a", 3, true, Window.same(3)).signature());
        assertNotEquals(signature, convolution("a", 2, false, Window.same(3)).signature());
        assertNotEquals(signature, convolution("a", 2, true, new Window(3, 3, 1, 0, 0, 2, 2)).signature());
    }
}
