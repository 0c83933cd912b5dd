package sirocco.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

class ConvolutionTest {
    /** Whole tiles go to the result at once; others to scratch first. */
    @Test
    void onlyMatricesThatAreNotWholeTilesNeedScratch() {
        assertEquals(0, convolution(8, 64).scratchFloats());
        assertEquals(2 * 64 * 64, convolution(8, 3).scratchFloats(), "128 pixels");
        assertEquals(64 * 64, convolution(1, 64).scratchFloats(), "2 pixels");
        assertTrue(convolution(8, 64).algorithm().contains("bf16"));
    }

    private static Kernel convolution(int side, int outputs) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, side, side, 5), DType.F32);
        g.output(g.conv2d(x, g.parameter("w", new Shape(outputs, 3, 3, 5)), Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3)));
        return KernelFactory.of(g.build().steps().getFirst().op(), Precision.BF16);
    }
}
