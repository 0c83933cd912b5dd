package sirocco.cpu;

import sirocco.api.Product;
import sirocco.api.Reduction;
import sirocco.cpu.gemm.BatchedMatMul;
import sirocco.cpu.norm.ChannelSum;
import sirocco.cpu.reduction.Reduce;

/** Makes the kernels of matrix products and reductions. */
final class ProductKernels {
    private final Layouts layouts;
    private final Workers workers;

    ProductKernels(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
    }

    Kernel matMul(Product.MatMul op) {
        BatchedMatMul kernel = new BatchedMatMul(op.a().shape(), op.b().shape(), op.transposeA(), op.transposeB(), op.y().shape(), workers);
        return new Kernel(kernel.scratchFloats(), kernel.toString(), null, 0, (m, scratch, _) -> new Kernel.Bound(
                kernel.bind(m.at(op.a()), m.at(op.b()), m.at(op.y()), scratch), null));
    }

    Kernel reduce(Reduction.Reduce op) {
        Layout x = layouts.of(op.x());
        if (Demand.overPixels(op) && (x.blocked() || x.c() < Layout.BLOCK)) {
            return Kernel.unary(new ChannelSum(x, layouts.of(op.y()), workers)::run, op.x(), op.y());
        }
        Reduce kernel = new Reduce(op.function(), op.axes(), op.x().shape(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice from = m.at(op.x());
            Slice to = m.at(op.y());
            return () -> kernel.run(from, to, scratch);
        });
    }
}
