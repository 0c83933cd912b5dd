package sirocco.gpu;

import sirocco.api.Axis;
import sirocco.api.Product;
import sirocco.api.Shape;

/**
 * Sizes and strides of a batched matrix product y = a · b, transposes included: a has strides for its rows and its depth, b for its depth and its columns; y
 * is dense. Strides are in elements.
 *
 * @param heads matrices of an image
 * @param batches all matrices
 * @param aImage stride of images; 0 if all use the same matrix, likewise for heads
 */
public record MatMulShape(int rows, int columns, int depth, int heads, int batches, int aRow, int aDepth, int aImage, int aHead, int bDepth, int bColumn,
                          int bImage, int bHead) {
    public static MatMulShape of(Product.MatMul op) {
        Shape a = op.a().shape();
        Shape b = op.b().shape();
        Shape y = op.y().shape();
        return new MatMulShape(y.w(), y.c(), op.transposeA() ? a.w() : a.c(), y.h(), y.n() * y.h(),
                op.transposeA() ? 1 : a.c(), op.transposeA() ? a.c() : 1, Strides.batch(a, Axis.N), Strides.batch(a, Axis.H),
                op.transposeB() ? 1 : b.c(), op.transposeB() ? b.c() : 1, Strides.batch(b, Axis.N), Strides.batch(b, Axis.H));
    }
}
