package sirocco.api;

import java.util.ArrayList;
import java.util.List;

/** Matrix products of activations. A product with a weight is a 1×1 {@link Convolution}. */
public sealed interface Product extends Op {
    /**
     * y = op(a) · op(b) for each of n·h matrices, op(m) being m or its transpose. a [n,h,rows,depth] ([n,h,depth,rows] if {@code transposeA}), b
     * [n,h,depth,columns] ([n,h,columns,depth] if {@code transposeB}), y [n,h,rows,columns]. Either may have size 1 along n or h, and is then used
     * for all. Primitive.
     */
    record MatMul(@Reads Value a, @Reads Value b, boolean transposeA, boolean transposeB, @Writes Value y) implements Product {
        @Override
        public long flops() {
            return 2 * y.shape().elements() * (transposeA ? a.shape().w() : a.shape().c());
        }

        @Override
        public void reverse(Reverse r) {
            Value dy = r.gradientOf(y);
            if (r.needs(a)) {
                // dop(a) = dy · op(b)ᵀ
                Value da = r.recording(g -> transposeA ? g.matMul(b, dy, transposeB, true) : g.matMul(dy, b, false, !transposeB));
                r.add(a, r.summedTo(da, a.shape()));
            }
            if (r.needs(b)) {
                // dop(b) = op(a)ᵀ · dy
                Value db = r.recording(g -> transposeB ? g.matMul(dy, a, true, transposeA) : g.matMul(a, dy, !transposeA, false));
                r.add(b, r.summedTo(db, b.shape()));
            }
        }
    }

    /** Methods that record products. */
    interface Recording extends Recorder {
        /** Records {@link MatMul}. */
        default Value matMul(Value a, Value b, boolean transposeA, boolean transposeB) {
            Shape as = a.shape();
            Shape bs = b.shape();
            int depth = transposeA ? as.w() : as.c();
            int depthOfB = transposeB ? bs.c() : bs.w();
            check(depth == depthOfB, "matMul", () -> "a has depth " + depth + " and b has depth " + depthOfB + " (a=" + as + (transposeA ? "ᵀ" : "") + ", b=" + bs
                    + (transposeB ? "ᵀ" : "") + ")");
            List<Integer> batch = new ArrayList<>();
            for (Axis axis : List.of(Axis.N, Axis.H)) {
                int m = as.size(axis);
                int k = bs.size(axis);
                check(m == k || m == 1 || k == 1, "matMul", () -> "batches do not broadcast: a=" + as + ", b=" + bs + " differ along " + axis);
                batch.add(Math.max(m, k));
            }
            Value y = temporary("y", new Shape(batch.get(0), batch.get(1), transposeA ? as.c() : as.w(), transposeB ? bs.w() : bs.c()));
            return record(new MatMul(a, b, transposeA, transposeB, y), y);
        }
    }
}
