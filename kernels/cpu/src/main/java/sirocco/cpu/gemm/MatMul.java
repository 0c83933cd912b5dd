package sirocco.cpu.gemm;

import sirocco.cpu.Alignment;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * C = α·op(A)·op(B) + bias + addend for a batch of dense row-major matrices: op(A) is [m,k], op(B) [k,n], C and the addend [m,n], bias [n].
 * op is the identity or the transpose. Bias and addend are optional and may change from run to run; to accumulate, pass C as the addend.
 * Results do not depend on the number of threads. One object runs one product at a time.
 */
public final class MatMul {
    /** Floats of packed right operands that are in memory at a time: 16 MiB. */
    private static final long MOST_PACKED = 4 << 20;

    private final int batch;
    private final Matrix a;
    private final Matrix b;
    private final Matrix c;
    private final DenseLeft left;
    private final DenseRight right;
    private final DenseResult result;
    private final Product product;
    private final Workers workers;
    /** Matrices of a loop. */
    private final int step;
    /** Whether the right operand is packed before the product. */
    private final boolean packs;

    /**
     * @param batch how many products
     * @param a as stored: [m,k], or [k,m] if transposed
     * @param b as stored: [k,n], or [n,k] if transposed
     * @param c the result's place, also the addend's strides
     * @throws IllegalArgumentException if the sizes do not agree
     */
    public MatMul(int batch, Matrix a, boolean transposeA, Matrix b, boolean transposeB, Matrix c, Workers workers) {
        int m = transposeA ? a.columns() : a.rows();
        int k = transposeA ? a.rows() : a.columns();
        int n = transposeB ? b.rows() : b.columns();
        int depth = transposeB ? b.columns() : b.rows();
        if (batch < 1 || k != depth || c.rows() != m || c.columns() != n) {
            throw new IllegalArgumentException("product: expected batch >= 1 and [m,k]·[k,n] = [m,n], got batch " + batch + " and [" + m + "," + k
                    + "]·[" + depth + "," + n + "] = [" + c.rows() + "," + c.columns() + "]. Check the operands' shapes and transposes.");
        }
        this.batch = batch;
        this.a = a;
        this.b = b;
        this.c = c;
        this.workers = workers;
        left = new DenseLeft(a, transposeA);
        right = new DenseRight(b, transposeB);
        result = new DenseResult(c);
        step = (int) Math.clamp(MOST_PACKED / right.packedFloats(1), 1, batch);
        product = new Product(step, m, k, 0, left, right, result, workers);
        packs = product.rowGroups() > 1;
    }

    /** Floats of working memory for {@link #run}; its contents before and after are of no account. */
    public long scratchFloats() {
        return Alignment.SLACK + (packs ? right.packedFloats(step) : 0) + product.scratchFloats();
    }

    /**
     * Writes C. Allocates nothing. C may be the addend, but must not overlap A, B or the bias.
     *
     * @param bias null if absent
     * @param addend null if absent
     */
    public void run(Slice a, Slice b, Slice c, float alpha, Slice bias, Slice addend, Slice scratch) {
        int at = Alignment.up(scratch.offset());
        float[] memory = scratch.array();
        for (int first = 0; first < batch; first += step) {
            int count = Math.min(step, batch - first);
            left.bind(a.array(), a.offset() + first * this.a.batchStride(), alpha);
            right.bind(b.array(), b.offset() + first * this.b.batchStride());
            result.bind(c.array(), c.offset() + first * this.c.batchStride(), bias, addend == null ? null : addend.array(),
                    addend == null ? 0 : addend.offset() + first * this.c.batchStride());
            if (packs) {
                right.packAll(count, memory, at, workers);
            }
            product.run(count, memory, packs ? at + (int) right.packedFloats(step) : at);
        }
    }

    // ---- right operands that are packed once for many runs -----------------------------------------------------------------------

    /** Floats of the right operand, packed. */
    public long packedFloats() {
        return Alignment.SLACK + right.packedFloats(batch);
    }

    /** Floats of working memory for {@link #runPacked}. */
    public long packedScratchFloats() {
        return Alignment.SLACK + product.scratchFloats();
    }

    /** Packs the right operand: a weight, for as long as it does not change. */
    public void pack(Slice b, Slice packed) {
        right.bind(b.array(), b.offset());
        right.packAll(batch, packed.array(), Alignment.up(packed.offset()), workers);
    }

    /**
     * {@link #run} with a right operand that {@link #pack} has packed.
     *
     * @throws IllegalStateException if the batch is too large to be in memory at once
     */
    public void runPacked(Slice a, Slice packed, Slice c, float alpha, Slice bias, Slice addend, Slice scratch) {
        if (step < batch) {
            throw new IllegalStateException("product: " + batch + " matrices were not packed at once (expected at most " + step + "). Use run.");
        }
        left.bind(a.array(), a.offset(), alpha);
        right.bindPacked(packed.array(), Alignment.up(packed.offset()));
        result.bind(c.array(), c.offset(), bias, addend == null ? null : addend.array(), addend == null ? 0 : addend.offset());
        product.run(batch, scratch.array(), Alignment.up(scratch.offset()));
    }

    /** How the product is cut. */
    @Override
    public String toString() {
        return product.toString();
    }
}
