package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Product;
import sirocco.gpu.MatMulShape;

/** Batched matrix products in float32. */
final class MatMulKernels {
    private static final int TILE = 64;
    private static final int MOST_MATRICES_OF_A_GRID = 65535;

    private MatMulKernels() { }

    static Kernel of(Product.MatMul op) {
        MatMulShape s = MatMulShape.of(op);
        return Kernel.of(m -> List.of(Launch.blocks("matmul_f32", Math.ceilDiv(s.columns(), TILE), Math.ceilDiv(s.rows(), TILE),
                Math.min(s.batches(), MOST_MATRICES_OF_A_GRID), m.at(op.a()), m.at(op.b()), m.at(op.y()), Structure.of(s))));
    }
}
