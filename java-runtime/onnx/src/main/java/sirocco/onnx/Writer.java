package sirocco.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.Value;

/** What the families of ops share to write their nodes. */
final class Writer {
    final Recorded recorded;
    final Nodes nodes;
    final Sizes sizes;
    final Constants constants;
    final Tensors tensors;
    final Wishes wishes;

    Writer(Recorded recorded, Weights weights) {
        this.recorded = recorded;
        nodes = new Nodes();
        sizes = new Sizes(nodes, recorded.batches());
        constants = new Constants(recorded);
        tensors = new Tensors(recorded, nodes, sizes, constants, weights);
        wishes = Wishes.of(recorded);
    }

    Dims dims(Value v) {
        return recorded.dims(v);
    }

    /** Returns the order in which an op that treats all axes alike moves the fewest elements, before it or after it. */
    Order order(Value y, List<Value> operands) {
        List<Order> candidates = new ArrayList<>();
        Optional<Order> wish = wishes.of(y);
        wish.ifPresent(candidates::add);
        operands.forEach(v -> candidates.addAll(tensors.orders(v)));
        candidates.add(Order.NHWC);
        Order best = null;
        long least = Long.MAX_VALUE;
        for (Order o : candidates) {
            long cost = operands.stream().mapToLong(v -> tensors.cost(v, o)).sum();
            if (wish.isPresent() && !wish.get().same(o, dims(y))) {
                cost += dims(y).elements().first();
            }
            if (cost < least) {
                least = cost;
                best = o;
            }
        }
        return best;
    }

    /** Writes a sum, a product or the like of two values that broadcast. */
    String broadcast(String opType, Value a, Value b, Value y, Order order) {
        return nodes.node(opType, operand(a, b, y, order), operand(b, a, y, order));
    }

    /** One operand: a constant may be smaller than its value along the axes along which the other is not. */
    private String operand(Value v, Value other, Value y, Order order) {
        boolean whole = false;
        if (constants.of(v).isPresent()) {
            for (Axis axis : Axis.values()) {
                whole |= !dims(y).at(axis).isOne() && dims(other).at(axis).isOne();
            }
            whole |= constants.of(other).isPresent();
        }
        return tensors.broadcast(v, order, whole);
    }
}
