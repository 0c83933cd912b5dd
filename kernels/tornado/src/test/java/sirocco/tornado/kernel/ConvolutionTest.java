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

    /** CIFAR's levels: 512 groups of large tiles; a few of them and a long depth; so few that small ones are better; neither. */
    @Test
    void tilesAndPartsOfTheDepthFillALargeDevice() {
        assertEquals("64x64", convolution(32, 32, 128, 128).algorithm());
        assertEquals("64x64, 16 parts", convolution(16, 4, 512, 512).algorithm());
        assertEquals("32x32, 18 parts", convolution(1, 4, 512, 512).algorithm());
        assertEquals("32x32", convolution(16, 8, 256, 256).algorithm());
        assertEquals("32x32", convolution(1, 4, 32, 32).algorithm());
        assertEquals(16 * 16 * 4 * 4 * 512, convolution(16, 4, 512, 512).scratchFloats());
    }

    private static Kernel convolution(int side, int outputs) {
        return convolution(2, side, 5, outputs, Precision.BF16);
    }

    private static Kernel convolution(int images, int side, int inputs, int outputs) {
        return convolution(images, side, inputs, outputs, Precision.F32);
    }

    private static Kernel convolution(int images, int side, int inputs, int outputs, Precision precision) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(images, side, side, inputs), DType.F32);
        g.output(g.conv2d(x, g.parameter("w", new Shape(outputs, 3, 3, inputs)), Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3)));
        return KernelFactory.of(g.build().steps().getFirst().op(), precision);
    }
}
