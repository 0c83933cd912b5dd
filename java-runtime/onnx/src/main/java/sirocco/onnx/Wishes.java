package sirocco.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.Convolution;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Pointwise;
import sirocco.api.Reduction;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * Which order each value would best be in, so that what reads it needs no transposition: found by going backward from convolutions and outputs. A wish decides
 * only where an op can as well write one order as another; nothing is wrong if it is not met.
 */
final class Wishes {
    private final Recorded recorded;
    private final Map<Value, Order> wishes = new HashMap<>();

    private Wishes(Recorded recorded) {
        this.recorded = recorded;
    }

    static Wishes of(Recorded recorded) {
        Wishes w = new Wishes(recorded);
        for (Port p : recorded.network().outputs()) {
            if (p.axes().size() == Axis.values().length) {
                w.wishes.put(p.value(), new Order(p.axes()));
            }
        }
        for (Step s : recorded.steps().reversed()) {
            w.pass(s.op());
        }
        return w;
    }

    Optional<Order> of(Value v) {
        return Optional.ofNullable(wishes.get(v));
    }

    private void pass(Op op) {
        switch (op) {
            case Convolution.Conv2d c -> {
                wishes.put(c.x(), Linear.is(c) ? Order.NHWC : Order.NCHW);
                c.residual().ifPresent(r -> wishes.putIfAbsent(r, Linear.is(c) ? Order.NHWC : Order.NCHW));
            }
            case Convolution.Conv2dBackwardData c -> wishes.put(c.dy(), Order.NCHW);
            case Movement.Upsample u -> wishes.put(u.x(), Order.NCHW);
            case Movement.AveragePool p -> wishes.put(p.x(), Order.NCHW);
            case Movement.Permute p -> of(p.y()).ifPresent(o -> wishes.putIfAbsent(p.x(), original(o, p.order())));
            case Movement.Reshape r -> of(r.y()).flatMap(o -> o.reshaped(recorded.dims(r.y()), recorded.dims(r.x()))).ifPresent(o -> wishes.putIfAbsent(r.x(), o));
            case Movement.Concat c -> same(c.y(), List.of(c.a(), c.b()));
            case Movement.Slice s -> same(s.y(), List.of(s.x()));
            case Movement.Repeat r -> same(r.y(), List.of(r.x()));
            case Pointwise p -> same(p.outputs().getFirst(), p.inputs());
            case Reduction r -> same(r.outputs().getFirst(), r.inputs());
            default -> { }
        }
    }

    private void same(Value y, List<Value> inputs) {
        of(y).ifPresent(o -> inputs.forEach(x -> wishes.putIfAbsent(x, o)));
    }

    /** The order of a value, of which axis {@code by.get(i)} becomes axis i, so that the result has the order {@code o}. */
    private static Order original(Order o, List<Axis> by) {
        return new Order(o.axes().stream().map(a -> by.get(a.ordinal())).toList());
    }
}
