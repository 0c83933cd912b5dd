package sirocco.api;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Ops that compute each element from those at its place. */
public sealed interface Pointwise extends Op {
    /** y = f(x). Primitive. */
    record Unary(@Reads Value x, UnaryFunction function, @Writes Value y) implements Pointwise {
        @Override
        public String kind() {
            return function.title();
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                Value dx = r.temporary("dx", x.shape());
                r.record(new UnaryBackward(x, dy, function, dx));
                r.add(x, dx);
            }
        }
    }

    /** dx = dy · f′(x). Primitive. */
    record UnaryBackward(@Reads Value x, @Reads Value dy, UnaryFunction function, @Writes Value dx) implements Pointwise {
        @Override
        public String kind() {
            return function.title() + "Backward";
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of unary functions are not implemented");
        }
    }

    /** y = scale·x + shift, both constants. Primitive. */
    record Affine(@Reads Value x, double scale, double shift, @Writes Value y) implements Pointwise {
        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                r.add(x, r.recording(g -> g.affine(dy, scale, 0)));
            }
        }
    }

    /** y = f(a, b), where an axis along which one operand has size 1 is broadcast. Primitive. */
    record Binary(@Reads Value a, @Reads Value b, BinaryFunction function, @Writes Value y) implements Pointwise {
        @Override
        public String kind() {
            return function.title();
        }

        @Override
        public void reverse(Reverse r) {
            Value dy = r.gradientOf(y);
            if (r.needs(a)) {
                Value da = switch (function) {
                    case ADD, SUBTRACT -> dy;
                    case MULTIPLY -> r.recording(g -> g.multiply(dy, b));
                    case DIVIDE -> r.recording(g -> g.divide(dy, b));
                    case MINIMUM -> r.recording(g -> g.multiply(dy, g.step(g.subtract(b, a))));
                    case MAXIMUM -> r.recording(g -> g.multiply(dy, g.step(g.subtract(a, b))));
                };
                r.add(a, r.summedTo(da, a.shape()));
            }
            if (r.needs(b)) {
                Value db = switch (function) {
                    case ADD -> dy;
                    case SUBTRACT -> r.recording(g -> g.scale(dy, -1));
                    case MULTIPLY -> r.recording(g -> g.multiply(dy, a));
                    case DIVIDE -> r.recording(g -> g.scale(g.divide(g.multiply(dy, y), b), -1));
                    case MINIMUM -> r.recording(g -> g.multiply(dy, g.affine(g.step(g.subtract(b, a)), -1, 1)));
                    case MAXIMUM -> r.recording(g -> g.multiply(dy, g.affine(g.step(g.subtract(a, b)), -1, 1)));
                };
                r.add(b, r.summedTo(db, b.shape()));
            }
        }
    }

    /**
     * A gated activation (Shazeer 2020): y = a·f(b), x = [a, b] along channels. GEGLU with {@link UnaryFunction#GELU}, SwiGLU with {@link
     * UnaryFunction#SILU}. x [n,h,w,2c], y [n,h,w,c].
     */
    record Gated(@Reads Value x, UnaryFunction function, @Writes Value y) implements Pointwise {
        @Override
        public String kind() {
            return function.title() + "Gated";
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            int c = y.shape().c();
            return Optional.of(List.of(g.multiply(g.slice(x, Axis.C, 0, c), g.unary(g.slice(x, Axis.C, c, c), function))));
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                Value dx = r.temporary("dx", x.shape());
                r.record(new GatedBackward(x, dy, function, dx));
                r.add(x, dx);
            }
        }
    }

    /** dx = [dy·f(b), dy·a·f′(b)], x = [a, b] along channels. */
    record GatedBackward(@Reads Value x, @Reads Value dy, UnaryFunction function, @Writes Value dx) implements Pointwise {
        @Override
        public String kind() {
            return function.title() + "GatedBackward";
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            int c = dy.shape().c();
            Value a = g.slice(x, Axis.C, 0, c);
            Value b = g.slice(x, Axis.C, c, c);
            Value db = g.temporary("db", dy.shape());
            g.record(new UnaryBackward(b, g.multiply(dy, a), function, db), db);
            return Optional.of(List.of(g.concat(g.multiply(dy, g.unary(b, function)), db, Axis.C)));
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of gated activations are not implemented");
        }
    }

    /** Methods that record pointwise ops. */
    interface Recording extends Recorder {
        /** Records f(x). */
        default Value unary(Value x, UnaryFunction function) {
            Value y = temporary("y", x.shape());
            return record(new Unary(x, function, y), y);
        }

        /** Records x·σ(x). */
        default Value silu(Value x) {
            return unary(x, UnaryFunction.SILU);
        }

        /** Records {@link UnaryFunction#STEP}. */
        default Value step(Value x) {
            return unary(x, UnaryFunction.STEP);
        }

        /** Records scale·x + shift. */
        default Value affine(Value x, double scale, double shift) {
            Value y = temporary("y", x.shape());
            return record(new Affine(x, scale, shift, y), y);
        }

        /** Records scale·x. */
        default Value scale(Value x, double scale) {
            return affine(x, scale, 0);
        }

        /** Records f(a, b); either is broadcast along axes where it has size 1. */
        default Value binary(Value a, Value b, BinaryFunction function) {
            String op = function.name().toLowerCase(Locale.ROOT);
            Shape s = a.shape();
            for (Axis axis : Axis.values()) {
                int m = a.shape().size(axis);
                int k = b.shape().size(axis);
                check(m == k || m == 1 || k == 1, op, () -> "shapes do not broadcast: a=" + a.shape() + " and b=" + b.shape() + " differ along " + axis
                        + " (expected equal sizes, or 1)");
                s = s.with(axis, Math.max(m, k));
            }
            Value y = temporary(function == BinaryFunction.ADD ? "sum" : "y", s);
            return record(new Binary(a, b, function, y), y);
        }

        /** Records a + b. */
        default Value add(Value a, Value b) {
            return binary(a, b, BinaryFunction.ADD);
        }

        /** Records a − b. */
        default Value subtract(Value a, Value b) {
            return binary(a, b, BinaryFunction.SUBTRACT);
        }

        /** Records a·b. */
        default Value multiply(Value a, Value b) {
            return binary(a, b, BinaryFunction.MULTIPLY);
        }

        /** Records a/b. */
        default Value divide(Value a, Value b) {
            return binary(a, b, BinaryFunction.DIVIDE);
        }

        /** Records {@link Gated}. */
        default Value gated(Value x, UnaryFunction function) {
            check(x.shape().c() % 2 == 0, "gated", () -> "x must have an even number of channels, got x=" + x.shape());
            Value y = temporary("y", x.shape().withC(x.shape().c() / 2));
            return record(new Gated(x, function, y), y);
        }
    }
}
