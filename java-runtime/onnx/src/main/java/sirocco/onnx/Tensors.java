package sirocco.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.Value;
import sirocco.onnx.Constants.Constant;
import sirocco.onnx.proto.AttributeProto;
import sirocco.onnx.proto.TensorProto;

/** Knows which ONNX tensors hold a value, each in an order of its axes, and writes those that are needed: weights, constants, transpositions. */
final class Tensors {
    private final Recorded recorded;
    private final Nodes nodes;
    private final Sizes sizes;
    private final Constants constants;
    private final Weights weights;
    private final Map<Value, Map<Order, String>> known = new HashMap<>();
    private final Map<Value, Map<List<Axis>, String>> reduced = new HashMap<>();

    Tensors(Recorded recorded, Nodes nodes, Sizes sizes, Constants constants, Weights weights) {
        this.recorded = recorded;
        this.nodes = nodes;
        this.sizes = sizes;
        this.constants = constants;
        this.weights = weights;
    }

    Dims dims(Value v) {
        return recorded.dims(v);
    }

    /** Registers a tensor that holds a value. */
    void define(Value v, Order order, String name) {
        known.computeIfAbsent(v, _ -> new LinkedHashMap<>()).putIfAbsent(order, name);
    }

    /** Returns the orders that a value is there in. */
    List<Order> orders(Value v) {
        return new ArrayList<>(known.getOrDefault(v, Map.of()).keySet());
    }

    /** Returns whether every order of a value costs nothing: a weight that is not stored yet, or a constant. */
    boolean isFree(Value v) {
        return !known.containsKey(v) && (v.role() == Value.Role.PARAMETER || constants.of(v).isPresent());
    }

    /** Returns how many elements have to be moved to have a value in an order. */
    long cost(Value v, Order order) {
        Dims d = dims(v);
        return isFree(v) || orders(v).stream().anyMatch(o -> o.same(order, d)) ? 0 : d.elements().first();
    }

    /** Returns a tensor that holds the value in this order. */
    String in(Value v, Order order) {
        Map<Order, String> orders = known.computeIfAbsent(v, _ -> new LinkedHashMap<>());
        String name = orders.get(order);
        if (name == null) {
            name = make(v, order, orders);
            orders.put(order, name);
        }
        return name;
    }

    private String make(Value v, Order order, Map<Order, String> orders) {
        Dims d = dims(v);
        if (orders.isEmpty()) {
            Optional<Constant> constant = constants.of(v);
            if (constant.isPresent()) {
                String name = constant(constant.get(), order);
                return isWhole(constant.get(), d) ? name : nodes.node("Expand", name, sizes.vector(d.in(order)));
            }
            if (v.role() != Value.Role.PARAMETER) {
                throw new IllegalStateException("export: " + v + " is read, and is neither an input of the network nor written by a step");
            }
            return parameter(v, order.axes());
        }
        for (Map.Entry<Order, String> e : orders.entrySet()) {
            if (e.getKey().same(order, d)) {
                return nodes.node("Reshape", e.getValue(), sizes.target(d.in(order)));
            }
        }
        Map.Entry<Order, String> from = orders.entrySet().iterator().next();
        return nodes.node("Transpose", List.of(from.getValue()), AttributeProto.of("perm", order.axes().stream().mapToLong(from.getKey()::position).toArray()));
    }

    /**
     * Returns a tensor for an op that broadcasts: of a constant, one that has size 1 along axes where its elements are equal.
     *
     * @param whole whether it must have its full size, since no other operand has
     */
    String broadcast(Value v, Order order, boolean whole) {
        Optional<Constant> constant = known.containsKey(v) ? Optional.empty() : constants.of(v);
        return constant.isEmpty() || whole ? in(v, order) : constant(constant.get(), order);
    }

    private static boolean isWhole(Constant c, Dims d) {
        for (Axis a : Axis.values()) {
            if (!d.at(a).equals(Dim.of(c.size(a)))) {
                return false;
            }
        }
        return true;
    }

    private String constant(Constant c, Order order) {
        if (c.elements().length == 1) {
            return nodes.scalar(c.elements()[0]);
        }
        String name = nodes.unused(nodes.path() + "/constant");
        nodes.initializer(TensorProto.of(name, order.axes().stream().map(a -> (long) c.size(a)).toList(), Constants.in(order, c)));
        return name;
    }

    /** A parameter in a tensor of some axes. One whose elements lie as in PyTorch's files has their key for its name. */
    private String parameter(Value v, List<Axis> axes) {
        Dims d = dims(v);
        List<Axis> longer = axes.stream().filter(a -> !d.at(a).isOne()).toList();
        String name = longer.equals(Order.NCHW.longer(d)) ? nodes.unused(v.name()) : nodes.unused(v.name() + "/transposed");
        nodes.initializer(weights.tensor(name, v, axes));
        return name;
    }

    /** Returns a tensor that has only these axes of a value; the others have size 1. */
    String reduced(Value v, List<Axis> axes) {
        Map<List<Axis>, String> of = reduced.computeIfAbsent(v, _ -> new HashMap<>());
        String name = of.get(axes);
        if (name == null) {
            if (isFree(v) && v.role() == Value.Role.PARAMETER) {
                name = parameter(v, axes);
            } else {
                List<Axis> order = new ArrayList<>(axes);
                Order.NHWC.axes().stream().filter(a -> !axes.contains(a)).forEach(order::add);
                name = nodes.node("Reshape", in(v, new Order(order)), sizes.target(axes.stream().map(dims(v)::at).toList()));
            }
            of.put(axes, name);
        }
        return name;
    }
}
