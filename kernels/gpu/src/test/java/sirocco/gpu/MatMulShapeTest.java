package sirocco.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Product;
import sirocco.api.Shape;
import sirocco.api.Value;

class MatMulShapeTest {
    private static Value value(Shape s) {
        return new Value(0, "v", s, DType.F32, Value.Role.TEMPORARY);
    }

    private static MatMulShape shape(Shape a, Shape b, boolean transposeA, boolean transposeB, Shape y) {
        return MatMulShape.of(new Product.MatMul(value(a), value(b), transposeA, transposeB, value(y)));
    }

    @Test
    void aTransposeSwapsStrides() {
        Shape y = new Shape(2, 3, 5, 4);
        assertEquals(new MatMulShape(5, 4, 7, 3, 6, 7, 1, 105, 35, 4, 1, 84, 28), shape(new Shape(2, 3, 5, 7), new Shape(2, 3, 7, 4), false, false, y));
        assertEquals(new MatMulShape(5, 4, 7, 3, 6, 1, 5, 105, 35, 1, 7, 84, 28), shape(new Shape(2, 3, 7, 5), new Shape(2, 3, 4, 7), true, true, y));
    }

    @Test
    void aMatrixThatServesAllHasNoStride() {
        MatMulShape s = shape(new Shape(2, 1, 5, 7), new Shape(1, 3, 7, 4), false, false, new Shape(2, 3, 5, 4));
        assertEquals(new MatMulShape(5, 4, 7, 3, 6, 7, 1, 35, 0, 4, 1, 0, 28), s);
    }
}
