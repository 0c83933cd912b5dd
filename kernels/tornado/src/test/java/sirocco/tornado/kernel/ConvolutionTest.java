package sirocco.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

class ConvolutionTest {
    /** The same in bf16, by groups of twice as many warps. */
    @Test
    void tensorCoresHaveTilesAndPartsOfTheirOwn() {
        assertEquals("64x64 bf16", convolution(2, 8, 5, 3, Precision.BF16).algorithm());
        assertEquals("64x64 bf16", convolution(32, 32, 128, 128, Precision.BF16).algorithm());
        assertEquals("64x64 bf16, 8 parts", convolution(16, 4, 512, 512, Precision.BF16).algorithm());
        assertEquals(8 * 16 * 4 * 4 * 512, convolution(16, 4, 512, 512, Precision.BF16).scratchFloats());
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
