package sirocco.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import sirocco.bench.torch.TorchOps;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.gemm.MatMul;
import sirocco.cpu.gemm.Matrix;

/** The rows of matrix products: large square ones, with each transpose, and batches of small ones. */
final class Products {
    /** Sums of up to 2048 products of standard normal numbers, in float32 on both sides. */
    private static final double TOLERANCE = 1e-5;

    private record Case(int batch, int m, int n, int k, boolean transposeA, boolean transposeB) {
        static Case square(int size, boolean transposeA, boolean transposeB) {
            return new Case(1, size, size, size, transposeA, transposeB);
        }

        float[] a() {
            return Inputs.normal(1, batch * m * k);
        }

        float[] b() {
            return Inputs.normal(2, batch * k * n);
        }

        @Override
        public String toString() {
            return (batch == 1 ? "" : batch + "x") + m + "x" + n + "x" + k + (transposeA ? "-ta" : "") + (transposeB ? "-tb" : "");
        }
    }

    private static final List<Case> CASES = List.of(Case.square(512, false, false), Case.square(1024, false, false),
            Case.square(2048, false, false), Case.square(1024, true, false), Case.square(1024, false, true),
            new Case(48, 256, 256, 64, false, true), new Case(48, 256, 64, 256, false, false));

    private final Workers workers;
    private final boolean peers;

    Products(Workers workers, boolean peers) {
        this.workers = workers;
        this.peers = peers;
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (Case c : CASES) {
            Map<String, Supplier<Work>> formats = new LinkedHashMap<>();
            if (peers) {
                formats.put("row-major", () -> TorchOps.product(c.batch, c.m, c.n, c.k, c.transposeA, c.transposeB, c.a(), c.b()));
            }
            rows.add(new Row("product/" + c, "matrix product, " + (c.batch == 1 ? "" : c.batch + " × ") + "[%d,%d]%s·[%d,%d]%s".formatted(
                    c.transposeA ? c.k : c.m, c.transposeA ? c.m : c.k, c.transposeA ? "ᵀ" : "", c.transposeB ? c.n : c.k,
                    c.transposeB ? c.k : c.n, c.transposeB ? "ᵀ" : ""), Row.Unit.FLOPS, 2.0 * c.batch * c.m * c.n * c.k,
                    Row.Check.relative(TOLERANCE), () -> work(c), formats));
        }
        return rows;
    }

    private Work work(Case c) {
        MatMul product = new MatMul(c.batch, c.transposeA ? Matrix.dense(c.k, c.m) : Matrix.dense(c.m, c.k), c.transposeA,
                c.transposeB ? Matrix.dense(c.n, c.k) : Matrix.dense(c.k, c.n), c.transposeB, Matrix.dense(c.m, c.n), workers);
        Slice a = Inputs.aligned(c.a());
        Slice b = Inputs.aligned(c.b());
        Slice y = Inputs.zeros((long) c.batch * c.m * c.n);
        Slice scratch = Inputs.zeros(product.scratchFloats());
        return new KernelWork() {
            @Override
            public void run() {
                product.run(a, b, y, 1, null, null, scratch);
            }

            @Override
            float[][] read() {
                return new float[][] {Inputs.dense(y)};
            }
        };
    }
}
