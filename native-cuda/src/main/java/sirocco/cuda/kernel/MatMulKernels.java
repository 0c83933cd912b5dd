package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Product;
import sirocco.api.Shape;

/** Batched matrix products in float32. */
final class MatMulKernels {
    private static final int TILE = 64;
    private static final int MOST_MATRICES_OF_A_GRID = 65535;

    private MatMulKernels() { }

    static Kernel of(Product.MatMul op) {
        Shape a = op.a().shape();
        Shape b = op.b().shape();
        Shape y = op.y().shape();
        int depth = op.transposeA() ? a.w() : a.c();
        byte[] shape = Structure.of(y.w(), y.c(), depth, y.h(), y.n() * y.h(),
                op.transposeA() ? 1 : a.c(), op.transposeA() ? a.c() : 1, batch(a, Axis.N), batch(a, Axis.H),
                op.transposeB() ? 1 : b.c(), op.transposeB() ? b.c() : 1, batch(b, Axis.N), batch(b, Axis.H));
        return Kernel.of(m -> List.of(Launch.blocks("matmul_f32", Math.ceilDiv(y.c(), TILE), Math.ceilDiv(y.w(), TILE),
                Math.min(y.n() * y.h(), MOST_MATRICES_OF_A_GRID), m.at(op.a()), m.at(op.b()), m.at(op.y()), shape)));
    }

    /** The stride of a batch axis; 0 where one matrix serves all. */
    private static int batch(Shape s, Axis axis) {
        return s.size(axis) == 1 ? 0 : FunctionKernels.stride(s, axis);
    }
}
