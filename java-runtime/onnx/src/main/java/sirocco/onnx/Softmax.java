package sirocco.onnx;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Op;
import sirocco.api.Pointwise;
import sirocco.api.Reduction;
import sirocco.api.Step;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

/** Finds softmax over one axis among primitives: e / Σe with e = exp(x − max x), of which nothing else is read. */
final class Softmax {
    /** y = softmax(x) along an axis. */
    record Match(Value x, Axis axis, Value y) { }

    private final Map<Value, Integer> readers = new HashMap<>();
    private final Map<Value, Op> writers = new HashMap<>();
    private final Map<Op, Match> matches = new HashMap<>();
    private final Set<Op> parts = new HashSet<>();

    private Softmax() { }

    static Softmax in(Recorded recorded) {
        Softmax s = new Softmax();
        recorded.network().outputs().forEach(p -> s.readers.merge(p.value(), 1, Integer::sum));
        for (Step step : recorded.steps()) {
            step.op().outputs().forEach(v -> s.writers.put(v, step.op()));
            step.op().inputs().forEach(v -> s.readers.merge(v, 1, Integer::sum));
        }
        recorded.steps().forEach(step -> s.match(step.op()));
        return s;
    }

    /** Returns the softmax that ends in this op. */
    Optional<Match> at(Op op) {
        return Optional.ofNullable(matches.get(op));
    }

    /** Returns whether an op is part of a softmax and not its end. */
    boolean covers(Op op) {
        return parts.contains(op);
    }

    private void match(Op op) {
        if (op instanceof Pointwise.Binary(Value e, Value s, BinaryFunction divide, Value y) && divide == BinaryFunction.DIVIDE
                && writers.get(s) instanceof Reduction.Reduce sum && sum.function() == Reduction.Function.SUM && sum.x() == e && sum.axes().size() == 1
                && writers.get(e) instanceof Pointwise.Unary exp && exp.function() == UnaryFunction.EXP
                && writers.get(exp.x()) instanceof Pointwise.Binary minus && minus.function() == BinaryFunction.SUBTRACT
                && writers.get(minus.b()) instanceof Reduction.Reduce most && most.function() == Reduction.Function.MAXIMUM && most.x() == minus.a()
                && most.axes().equals(sum.axes())
                && readers.get(e) == 2 && readers.get(s) == 1 && readers.get(minus.y()) == 1 && readers.get(most.y()) == 1) {
            matches.put(op, new Match(minus.a(), sum.axes().iterator().next(), y));
            parts.addAll(List.of(sum, exp, minus, most));
        }
    }
}
