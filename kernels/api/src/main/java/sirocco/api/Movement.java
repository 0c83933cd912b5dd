package sirocco.api;

import static sirocco.api.OperandRole.INDEX;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;

/** Ops that move, copy and generate elements. */
public sealed interface Movement extends Op {
    /** y = [a, b] along an axis. Primitive. */
    record Concat(@Reads Value a, @Reads Value b, Axis axis, @Writes Value y) implements Movement {
        @Override
        public void reverse(Reverse r) {
            Value dy = r.gradientOf(y);
            r.slice(a, dy, axis, 0);
            r.slice(b, dy, axis, a.shape().size(axis));
        }
    }

    /** y = x's elements {@code from}, {@code from} + 1, … along an axis, as many as y has. Primitive. */
    record Slice(@Reads Value x, Axis axis, int from, @Writes Value y) implements Movement {
        @Override
        public void reverse(Reverse r) {
            if (!r.needs(x)) {
                return;
            }
            Value dy = r.gradientOf(y);
            int after = x.shape().size(axis) - from - y.shape().size(axis);
            r.add(x, r.recording(g -> {
                Value padded = dy;
                if (from > 0) {
                    padded = g.concat(g.ramp(0, 0, axis, x.shape().with(axis, from)), padded, axis);
                }
                return after == 0 ? padded : g.concat(padded, g.ramp(0, 0, axis, x.shape().with(axis, after)), axis);
            }));
        }
    }

    /** y = copies of x side by side: [x, x, …] along every axis along which y is a multiple of x. F32 or I32. Primitive. */
    record Repeat(@Reads Value x, @Writes Value y) implements Movement {
        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                r.add(x, r.recording(g -> {
                    Value sum = dy;
                    for (Axis axis : Axis.values()) {
                        sum = foldedCopies(g, sum, axis, x.shape().size(axis));
                    }
                    return sum;
                }));
            }
        }

        /** The sum of {@code x}'s copies along an axis, each of so many elements. */
        private static Value foldedCopies(GraphBuilder g, Value x, Axis axis, int size) {
            int all = x.shape().size(axis);
            if (all == size) {
                return x;
            }
            if (size == 1) {
                return g.sum(x, EnumSet.of(axis));
            }
            Value sum = g.slice(x, axis, 0, size);
            for (int from = size; from < all; from += size) {
                sum = g.add(sum, g.slice(x, axis, from, size));
            }
            return sum;
        }
    }

    /** y = x's elements in their logical order, in another shape. Of one shape it is a copy. F32 or I32. Primitive. */
    record Reshape(@Reads Value x, @Writes Value y) implements Movement {
        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                r.add(x, r.recording(g -> g.reshape(dy, x.shape())));
            }
        }
    }

    /** y's axis i is x's axis {@code order.get(i)}. Primitive. */
    record Permute(@Reads Value x, List<Axis> order, @Writes Value y) implements Movement {
        public Permute {
            order = List.copyOf(order);
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                List<Axis> inverse = new ArrayList<>();
                for (Axis axis : Axis.values()) {
                    inverse.add(Axis.values()[order.indexOf(axis)]);
                }
                r.add(x, r.recording(g -> g.permute(dy, inverse)));
            }
        }
    }

    /** Nearest-neighbor upsampling by 2: x [n,h,w,c], y [n,2h,2w,c]. */
    record Upsample(@Reads Value x, @Writes Value y) implements Movement {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Shape s = x.shape();
            Value columns = g.repeat(g.reshape(x, new Shape(s.n() * s.h() * s.w(), 1, 1, s.c())), new Shape(s.n() * s.h() * s.w(), 1, 2, s.c()));
            Value rows = g.repeat(g.reshape(columns, new Shape(s.n() * s.h(), 1, 2 * s.w(), s.c())), new Shape(s.n() * s.h(), 2, 2 * s.w(), s.c()));
            return Optional.of(List.of(g.reshape(rows, y.shape())));
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                Value dx = r.temporary("dx", x.shape());
                r.record(new UpsampleBackward(dy, dx));
                r.add(x, dx);
            }
        }
    }

    /** dx = the sum of the 2×2 pixels of dy that came from each pixel. */
    record UpsampleBackward(@Reads Value dy, @Writes Value dx) implements Movement {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Shape s = dx.shape();
            Value rows = g.sum(g.reshape(dy, new Shape(s.n() * s.h(), 2, 2 * s.w(), s.c())), EnumSet.of(Axis.H));
            Value columns = g.sum(g.reshape(rows, new Shape(s.n() * s.h() * s.w(), 1, 2, s.c())), EnumSet.of(Axis.W));
            return Optional.of(List.of(g.reshape(columns, s)));
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(dy)) {
                Value d = r.gradientOf(dx);
                r.add(dy, r.recording(g -> g.upsample(d)));
            }
        }
    }

    /** y = the mean of each block of k×k pixels: x [n,k·h,k·w,c], y [n,h,w,c]. */
    record AveragePool(@Reads Value x, int k, @Writes Value y) implements Movement {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Shape s = y.shape();
            Value rows = g.mean(g.reshape(x, new Shape(s.n() * s.h(), k, k * s.w(), s.c())), EnumSet.of(Axis.H));
            Value columns = g.mean(g.reshape(rows, new Shape(s.n() * s.h() * s.w(), 1, k, s.c())), EnumSet.of(Axis.W));
            return Optional.of(List.of(g.reshape(columns, s)));
        }

        @Override
        public void reverse(Reverse r) {
            r.byDecomposition(this);
        }
    }

    /** y's element number i along an axis is start + step·i, the same along the others; with step 0 a constant. Primitive. */
    record Ramp(double start, double step, Axis axis, @Writes Value y) implements Movement {
        @Override
        public void reverse(Reverse r) {
            // depends on nothing
        }
    }

    /** into ← into + x. Primitive. */
    record Accumulate(@Reads Value x, @Updates(OperandRole.WEIGHT) Value into) implements Movement {
        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "states that a step changes are not differentiated");
        }
    }

    /** into ← x, both F32 or both I32. Primitive. */
    record Assign(@Reads Value x, @Updates(OperandRole.WEIGHT) Value into) implements Movement {
        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "states that a step changes are not differentiated");
        }
    }

    /**
     * images [n,h,w,c] = images number ids[i] of dataset [size,h,w,c], both U8; ids I32 [n,1,1,1] in 0 … size − 1, anything else is an error
     * at run time. A dataset may have more elements than 2³¹. Primitive.
     */
    record GatherImages(@Reads(INDEX) Value dataset, @Reads(INDEX) Value ids, @Writes(INDEX) Value images) implements Movement {
        @Override
        public long bytes(ToLongFunction<Value> size) {
            return size.applyAsLong(ids) + 2 * size.applyAsLong(images);
        }

        @Override
        public void reverse(Reverse r) {
            // pixels of 8 bits have no gradient
        }
    }

    /** Methods that record movements. */
    interface Recording extends Recorder {
        /** Records [a, b] along channels. */
        default Value concat(Value a, Value b) {
            return concat(a, b, Axis.C);
        }

        /** Records [a, b] along an axis. */
        default Value concat(Value a, Value b, Axis axis) {
            same("concat", "b", b.shape(), a.shape().with(axis, b.shape().size(axis)));
            Value y = temporary("concat", a.shape().with(axis, a.shape().size(axis) + b.shape().size(axis)));
            return record(new Concat(a, b, axis, y), y);
        }

        /** Records x's channels from {@code from} on. */
        default Value slice(Value x, int from, int channels) {
            return slice(x, Axis.C, from, channels);
        }

        /** Records {@code count} of x's elements along an axis, from {@code from} on. */
        default Value slice(Value x, Axis axis, int from, int count) {
            int size = x.shape().size(axis);
            check(from >= 0 && count > 0 && from <= size - count, "slice", () -> "elements " + from + " to " + ((long) from + count - 1) + " along " + axis
                    + " are not all in x=" + x.shape());
            Value y = temporary("slice", x.shape().with(axis, count));
            return record(new Slice(x, axis, from, y), y);
        }

        /** Records [x, x] along images. */
        default Value repeat(Value x) {
            return repeat(x, x.shape().withN(2 * x.shape().n()));
        }

        /** Records copies of x side by side; {@code to} is a multiple of x's size along each axis. Returns x itself if there is one copy. */
        default Value repeat(Value x, Shape to) {
            for (Axis axis : Axis.values()) {
                check(to.size(axis) % x.shape().size(axis) == 0, "repeat", () -> to + " is not a multiple of x=" + x.shape() + " along " + axis);
            }
            if (to.equals(x.shape())) {
                return x;
            }
            Value y = temporary("y", to, x.dtype());
            return record(new Repeat(x, y), y);
        }

        /** Records x's elements in another shape; returns x itself if it has that shape. */
        default Value reshape(Value x, Shape to) {
            check(to.elements() == x.shape().elements(), "reshape", () -> "x=" + x.shape() + " has " + x.shape().elements() + " elements and " + to + " has "
                    + to.elements());
            return to.equals(x.shape()) ? x : copy(x, to);
        }

        /** Records a copy of x. */
        default Value copy(Value x) {
            return copy(x, x.shape());
        }

        private Value copy(Value x, Shape to) {
            Value y = temporary("y", to, x.dtype());
            return record(new Reshape(x, y), y);
        }

        /** Records a permutation: y's axis i is x's axis {@code order.get(i)}. */
        default Value permute(Value x, List<Axis> order) {
            check(order.size() == 4 && Set.copyOf(order).size() == 4, "permute", () -> "order must name each of the four axes once, got " + order);
            Shape s = x.shape();
            Value y = temporary("y", new Shape(s.size(order.get(0)), s.size(order.get(1)), s.size(order.get(2)), s.size(order.get(3))));
            return record(new Permute(x, order, y), y);
        }

        /** Records nearest-neighbor upsampling by 2. */
        default Value upsample(Value x) {
            Shape s = x.shape();
            Value y = temporary("y", new Shape(s.n(), 2 * s.h(), 2 * s.w(), s.c()));
            return record(new Upsample(x, y), y);
        }

        /** Records the mean over blocks of k×k pixels: x [n,h,w,c] → [n,h/k,w/k,c]; h and w must be multiples of k. */
        default Value averagePool(Value x, int k) {
            Shape s = x.shape();
            check(k > 0 && s.h() % k == 0 && s.w() % k == 0, "averagePool", () -> "x=" + s + " cannot be divided into blocks of " + k + "×" + k + " pixels");
            Shape y = new Shape(s.n(), s.h() / k, s.w() / k, s.c());
            Value pooled = temporary("y", y);
            return record(new AveragePool(x, k, pooled), pooled);
        }

        /** Records start + step·i along an axis. */
        default Value ramp(double start, double step, Axis axis, Shape shape) {
            Value y = temporary("ramp", shape);
            return record(new Ramp(start, step, axis, y), y);
        }

        /** Records a constant. */
        default Value constant(double value, Shape shape) {
            return ramp(value, 0, Axis.C, shape);
        }

        /** Records into ← into + x. */
        default void accumulate(Value x, Value into) {
            same("accumulate", "x", x.shape(), into.shape());
            record(new Accumulate(x, into), null);
        }

        /** Records into ← x. */
        default void assign(Value x, Value into) {
            same("assign", "x", x.shape(), into.shape());
            check(x.dtype() == into.dtype(), "assign", () -> "x and the value assigned to must have one type, got " + x + " and " + into);
            record(new Assign(x, into), null);
        }

        /** Records a batch of a dataset's images, by number. */
        default Value gatherImages(Value dataset, Value ids) {
            check(dataset.dtype() == DType.U8, "gatherImages", () -> "dataset must be U8, got " + dataset);
            int n = ids.shape().n();
            check(ids.dtype() == DType.I32 && ids.shape().equals(Shape.features(n, 1)), "gatherImages", () -> "ids must be I32 [n,1,1,1], got " + ids);
            Value images = temporary("images", dataset.shape().withN(n), DType.U8);
            return record(new GatherImages(dataset, ids, images), images);
        }
    }
}
