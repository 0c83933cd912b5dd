package sirocco.onnx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import sirocco.api.Axis;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Pointwise;
import sirocco.api.Value;

/** Computes, in double precision, values that depend on no input and no weight: ramps, and functions of them such as frequencies and causal masks. */
final class Constants {
    /** The most elements of a constant that is computed here; larger ones are left to the runtime, so that a file does not grow by its masks. */
    static final int MOST = 1 << 20;

    private final Recorded recorded;
    private final Map<Value, Constant> known = new HashMap<>();

    /**
     * A constant. Along an axis where all elements are equal it may have size 1, whatever the value's size is.
     *
     * @param sizes of the four axes, in logical order
     */
    record Constant(int[] sizes, double[] elements) {
        int size(Axis axis) {
            return sizes[axis.ordinal()];
        }

        private double at(int[] index) {
            int flat = 0;
            for (int i = 0; i < sizes.length; i++) {
                flat = flat * sizes[i] + (sizes[i] == 1 ? 0 : index[i]);
            }
            return elements[flat];
        }
    }

    Constants(Recorded recorded) {
        this.recorded = recorded;
    }

    Optional<Constant> of(Value v) {
        return Optional.ofNullable(known.get(v));
    }

    /** Computes what an op writes, if that is a constant. Returns whether it is, and nothing needs to be written for the op. */
    boolean fold(Op op) {
        return switch (op) {
            case Movement.Ramp r -> ramp(r);
            case Pointwise.Unary u -> map(u.x(), u.function()::of, u.y());
            case Pointwise.Affine a -> map(a.x(), x -> a.scale() * x + a.shift(), a.y());
            case Pointwise.Binary b -> zip(b.a(), b.b(), b.function()::of, b.y());
            default -> false;
        };
    }

    private boolean ramp(Movement.Ramp r) {
        Dim size = r.step() == 0 ? Dim.ONE : recorded.dims(r.y()).at(r.axis());
        if (!size.isConstant() || size.first() > MOST) {
            return false;
        }
        int[] sizes = {1, 1, 1, 1};
        sizes[r.axis().ordinal()] = (int) size.first();
        double[] elements = new double[(int) size.first()];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = r.start() + r.step() * i;
        }
        known.put(r.y(), new Constant(sizes, elements));
        return true;
    }

    private boolean map(Value x, DoubleUnaryOperator f, Value y) {
        Constant c = known.get(x);
        if (c != null) {
            known.put(y, new Constant(c.sizes, Arrays.stream(c.elements).map(f).toArray()));
        }
        return c != null;
    }

    private boolean zip(Value a, Value b, DoubleBinaryOperator f, Value y) {
        Constant left = known.get(a);
        Constant right = known.get(b);
        if (left == null || right == null) {
            return false;
        }
        int[] sizes = new int[left.sizes.length];
        long count = 1;
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = Math.max(left.sizes[i], right.sizes[i]);
            count *= sizes[i];
        }
        if (count > MOST) {
            return false;
        }
        double[] elements = new double[(int) count];
        int[] index = new int[sizes.length];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = f.applyAsDouble(left.at(index), right.at(index));
            for (int axis = sizes.length - 1; axis >= 0 && ++index[axis] == sizes[axis]; axis--) {
                index[axis] = 0;
            }
        }
        known.put(y, new Constant(sizes, elements));
        return true;
    }

    /** Returns a constant's elements with its axes in another order. */
    static float[] in(Order order, Constant c) {
        List<Axis> axes = order.axes();
        float[] out = new float[c.elements.length];
        int[] index = new int[4];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) c.at(index);
            for (int p = 3; p >= 0; p--) {
                int axis = axes.get(p).ordinal();
                if (++index[axis] < c.sizes[axis]) {
                    break;
                }
                index[axis] = 0;
            }
        }
        return out;
    }
}
