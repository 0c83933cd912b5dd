package sirocco.onnx;

import java.util.List;
import sirocco.api.BinaryFunction;
import sirocco.api.Pointwise;
import sirocco.api.UnaryFunction;
import sirocco.onnx.proto.AttributeProto;
import sirocco.onnx.proto.ElementType;

/** Writes functions of elements. */
final class PointwiseNodes {
    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;
    private static final double QUICK = 1.702;

    private final Writer w;

    PointwiseNodes(Writer w) {
        this.w = w;
    }

    void unary(Pointwise.Unary op) {
        Order o = w.order(op.y(), List.of(op.x()));
        w.tensors.define(op.y(), o, of(op.function(), w.tensors.in(op.x(), o)));
    }

    void backward(Pointwise.UnaryBackward op) {
        Order o = w.order(op.dx(), List.of(op.x(), op.dy()));
        w.tensors.define(op.dx(), o, multiply(w.tensors.in(op.dy(), o), derivative(op.function(), w.tensors.in(op.x(), o))));
    }

    void affine(Pointwise.Affine op) {
        Order o = w.order(op.y(), List.of(op.x()));
        String y = w.tensors.in(op.x(), o);
        if (op.scale() != 1) {
            y = scale(y, op.scale());
        }
        if (op.shift() != 0) {
            y = add(y, op.shift());
        }
        w.tensors.define(op.y(), o, y);
    }

    void binary(Pointwise.Binary op) {
        Order o = w.order(op.y(), List.of(op.a(), op.b()));
        w.tensors.define(op.y(), o, w.broadcast(opType(op.function()), op.a(), op.b(), op.y(), o));
    }

    private static String opType(BinaryFunction f) {
        return switch (f) {
            case ADD -> "Add";
            case SUBTRACT -> "Sub";
            case MULTIPLY -> "Mul";
            case DIVIDE -> "Div";
            case MINIMUM -> "Min";
            case MAXIMUM -> "Max";
        };
    }

    /** Writes f(x). */
    String of(UnaryFunction f, String x) {
        return switch (f) {
            case EXP -> w.nodes.node("Exp", x);
            case LOG -> w.nodes.node("Log", x);
            case SQRT -> w.nodes.node("Sqrt", x);
            case RSQRT -> reciprocal(w.nodes.node("Sqrt", x));
            case SQUARE -> multiply(x, x);
            case RECIPROCAL -> reciprocal(x);
            case ABS -> w.nodes.node("Abs", x);
            case SIN -> w.nodes.node("Sin", x);
            case COS -> w.nodes.node("Cos", x);
            case TANH -> w.nodes.node("Tanh", x);
            case SIGMOID -> w.nodes.node("Sigmoid", x);
            case SOFTPLUS -> w.nodes.node("Softplus", x);
            case ERF -> w.nodes.node("Erf", x);
            case RELU -> w.nodes.node("Relu", x);
            case SILU -> multiply(x, w.nodes.node("Sigmoid", x));
            // In the form in which runtimes recognize GELU.
            case GELU -> scale(multiply(x, add(w.nodes.node("Erf", w.nodes.node("Div", x, w.nodes.scalar(Math.sqrt(2)))), 1)), 0.5);
            case GELU_TANH -> scale(multiply(x, add(tanhOfCubic(x), 1)), 0.5);
            case GELU_QUICK -> multiply(x, w.nodes.node("Sigmoid", scale(x, QUICK)));
            case STEP -> step("GreaterOrEqual", x);
        };
    }

    /** Writes f′(x), as {@link UnaryFunction#derivative} defines it. */
    private String derivative(UnaryFunction f, String x) {
        return switch (f) {
            case EXP -> w.nodes.node("Exp", x);
            case LOG -> reciprocal(x);
            case SQRT -> scale(reciprocal(w.nodes.node("Sqrt", x)), 0.5);
            case RSQRT -> scale(reciprocal(multiply(x, w.nodes.node("Sqrt", x))), -0.5);
            case SQUARE -> scale(x, 2);
            case RECIPROCAL -> scale(reciprocal(multiply(x, x)), -1);
            case ABS -> w.nodes.node("Sign", x);
            case SIN -> w.nodes.node("Cos", x);
            case COS -> scale(w.nodes.node("Sin", x), -1);
            case TANH -> {
                String t = w.nodes.node("Tanh", x);
                yield oneLess(multiply(t, t));
            }
            case SIGMOID -> {
                String s = w.nodes.node("Sigmoid", x);
                yield multiply(s, oneLess(s));
            }
            case SOFTPLUS -> w.nodes.node("Sigmoid", x);
            case ERF -> scale(w.nodes.node("Exp", scale(multiply(x, x), -1)), 2 / Math.sqrt(Math.PI));
            case RELU -> step("Greater", x);
            case SILU -> sigmoidGated(x, 1);
            case GELU -> {
                String cumulative = scale(add(w.nodes.node("Erf", scale(x, Math.sqrt(0.5))), 1), 0.5);
                String density = scale(w.nodes.node("Exp", scale(multiply(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
                yield w.nodes.node("Add", cumulative, multiply(x, density));
            }
            case GELU_TANH -> {
                String t = tanhOfCubic(x);
                String inner = scale(add(scale(multiply(x, x), 3 * CUBIC), 1), SQRT_2_OVER_PI / 2);
                yield w.nodes.node("Add", scale(add(t, 1), 0.5), multiply(multiply(x, oneLess(multiply(t, t))), inner));
            }
            case GELU_QUICK -> sigmoidGated(x, QUICK);
            case STEP -> scale(x, 0);
        };
    }

    /** The derivative of x·σ(k·x): σ·(1 + k·x·(1 − σ)). */
    private String sigmoidGated(String x, double k) {
        String s = w.nodes.node("Sigmoid", k == 1 ? x : scale(x, k));
        String inner = multiply(x, oneLess(s));
        return multiply(s, add(k == 1 ? inner : scale(inner, k), 1));
    }

    /** tanh(√(2/π)·(x + 0.044715·x³)). */
    private String tanhOfCubic(String x) {
        return w.nodes.node("Tanh", multiply(x, add(scale(multiply(x, x), SQRT_2_OVER_PI * CUBIC), SQRT_2_OVER_PI)));
    }

    /** 1 where the comparison of x with 0 holds, else 0. */
    private String step(String comparison, String x) {
        return w.nodes.node("Cast", w.nodes.node(comparison, x, w.nodes.scalar(0)), AttributeProto.of("to", ElementType.FLOAT.number()));
    }

    private String reciprocal(String x) {
        return w.nodes.node("Reciprocal", x);
    }

    private String multiply(String a, String b) {
        return w.nodes.node("Mul", a, b);
    }

    private String scale(String x, double by) {
        return w.nodes.node("Mul", x, w.nodes.scalar(by));
    }

    private String add(String x, double shift) {
        return w.nodes.node("Add", x, w.nodes.scalar(shift));
    }

    private String oneLess(String x) {
        return w.nodes.node("Sub", w.nodes.scalar(1), x);
    }
}
