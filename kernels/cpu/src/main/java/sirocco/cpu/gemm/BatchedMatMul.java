package sirocco.cpu.gemm;

import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * y = op(a) · op(b) for each of n·h matrices of dense values [n,h,rows,columns], where a or b may have size 1 along n or h and is then used for all. As few
 * {@link MatMul}s as strides allow: one unless an operand is broadcast along only one of two axes that both have several matrices.
 */
public final class BatchedMatMul {
    private final MatMul product;
    /** Products that run one after the other, and floats between their operands. */
    private final int loops;
    private final int stepA;
    private final int stepB;
    private final int stepY;

    public BatchedMatMul(Shape a, Shape b, boolean transposeA, boolean transposeB, Shape y, Workers workers) {
        int n = y.n();
        int h = y.h();
        int matrixA = a.w() * a.c();
        int matrixB = b.w() * b.c();
        int matrixY = y.w() * y.c();
        int alongHa = a.h() > 1 ? matrixA : 0;
        int alongHb = b.h() > 1 ? matrixB : 0;
        int alongNa = a.n() > 1 ? a.h() * matrixA : 0;
        int alongNb = b.n() > 1 ? b.h() * matrixB : 0;
        if (!transposeA && b.n() == 1 && b.h() == 1 && a.n() == n && a.h() == h) {
            // All rows of a are multiplied by one matrix.
            int rows = n * h * a.w();
            product = new MatMul(1, Matrix.dense(rows, a.c()), false, Matrix.dense(b.w(), b.c()), transposeB, Matrix.dense(rows, y.c()), workers);
            loops = 1;
        } else if (n == 1 || h == 1 || alongNa == h * alongHa && alongNb == h * alongHb) {
            product = new MatMul(n * h, new Matrix(a.w(), a.c(), a.c(), h == 1 ? alongNa : alongHa), transposeA, new Matrix(b.w(), b.c(), b.c(), h == 1
                    ? alongNb : alongHb), transposeB, Matrix.dense(y.w(), y.c()), workers);
            loops = 1;
        } else {
            product = new MatMul(h, new Matrix(a.w(), a.c(), a.c(), alongHa), transposeA, new Matrix(b.w(), b.c(), b.c(), alongHb), transposeB,
                    Matrix.dense(y.w(), y.c()), workers);
            loops = n;
        }
        stepA = alongNa;
        stepB = alongNb;
        stepY = h * matrixY;
    }

    /** Floats of working memory for a run. */
    public long scratchFloats() {
        return product.scratchFloats();
    }

    /** Takes the operands' places. What it returns allocates nothing; y must not overlap a or b. */
    public Runnable bind(Slice a, Slice b, Slice y, Slice scratch) {
        if (loops == 1) {
            return () -> product.run(a, b, y, 1f, null, null, scratch);
        }
        Slice[] as = new Slice[loops];
        Slice[] bs = new Slice[loops];
        Slice[] ys = new Slice[loops];
        for (int i = 0; i < loops; i++) {
            as[i] = new Slice(a.array(), a.offset() + i * stepA);
            bs[i] = new Slice(b.array(), b.offset() + i * stepB);
            ys[i] = new Slice(y.array(), y.offset() + i * stepY);
        }
        return () -> {
            for (int i = 0; i < as.length; i++) {
                product.run(as[i], bs[i], ys[i], 1f, null, null, scratch);
            }
        };
    }

    /** How the product is cut. */
    @Override
    public String toString() {
        return product.toString();
    }
}
