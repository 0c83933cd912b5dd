package sirocco.nn.layer;

import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

/**
 * Bilinear enlargement by a whole factor k, with half-pixel centers and without antialiasing, as PyTorch's {@code interpolate(mode="bilinear")}: pixel i of the
 * result is at s = min(max((i + ½)/k − ½, 0), size − 1) of the input, and pixel j of the input has weight max(0, 1 − |s − j|) in it. It is two matrix products
 * with these weights, one an axis.
 */
public final class BilinearUpsample {
    private BilinearUpsample() { }

    /** Records the enlargement: x F32 [n,h,w,c] → [n,k·h,k·w,c]. */
    public static Value apply(GraphBuilder g, Value x, int k) {
        Shape s = x.shape();
        int h = k * s.h();
        int w = k * s.w();
        return g.in("bilinear", () -> {
            Value wide = g.matMul(weights(g, s.w(), k), x, false, false);
            // A row of pixels with their channels becomes one row of a matrix.
            Value rows = g.reshape(wide, new Shape(s.n(), 1, s.h(), w * s.c()));
            return g.reshape(g.matMul(weights(g, s.h(), k), rows, false, false), new Shape(s.n(), h, w, s.c()));
        });
    }

    /** Records the weights of {@code size} pixels in k·size, [1,1,k·size,size]. */
    private static Value weights(GraphBuilder g, int size, int k) {
        Value centers = g.ramp(0.5 / k - 0.5, 1.0 / k, Axis.W, new Shape(1, 1, k * size, 1));
        Value inside = g.binary(g.unary(centers, UnaryFunction.RELU), g.constant(size - 1, Shape.SCALAR), BinaryFunction.MINIMUM);
        Value distance = g.unary(g.subtract(inside, g.ramp(0, 1, Axis.C, Shape.vector(size))), UnaryFunction.ABS);
        return g.unary(g.affine(distance, -1, 1), UnaryFunction.RELU);
    }
}
