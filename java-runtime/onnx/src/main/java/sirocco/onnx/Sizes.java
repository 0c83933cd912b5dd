package sirocco.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Step;
import sirocco.onnx.proto.AttributeProto;
import sirocco.onnx.proto.ElementType;

/** Writes shapes: as constants, or computed from the batch size when the model runs. */
final class Sizes {
    private final Nodes nodes;
    private final List<Integer> batches;
    private final Map<List<Dim>, String> vectors = new HashMap<>();
    private Optional<Source> source = Optional.empty();
    private Optional<String> batch = Optional.empty();
    private Step step;

    /** Where the batch size is read when the model runs: an axis of an input. */
    private record Source(String input, int axis, Dim.Linear size) { }

    Sizes(Nodes nodes, List<Integer> batches) {
        this.nodes = nodes;
        this.batches = batches;
    }

    /** Sets the step that errors name. */
    void at(Step current) {
        step = current;
    }

    /** Registers an input of this shape; the batch size is read from the first one that has an axis of just that size. */
    void input(String name, List<Dim> shape) {
        for (int i = 0; i < shape.size(); i++) {
            if (!shape.get(i).isConstant()) {
                Optional<Dim.Linear> size = shape.get(i).inBatch(batches);
                boolean better = source.isEmpty() || source.get().size.factor() != 1 || source.get().size.offset() != 0;
                if (size.isPresent() && better) {
                    source = Optional.of(new Source(name, i, size.get()));
                }
            }
        }
    }

    /** Returns a size as a linear function of the batch size. */
    Dim.Linear linear(Dim dim) {
        return dim.inBatch(batches).orElseThrow(() -> new FreeBatchException(step, "a size is " + dim + " at batch sizes " + batches
                + ", which is not linear in the batch size"));
    }

    /** Returns a vector with these sizes. */
    String vector(List<Dim> sizes) {
        if (sizes.stream().allMatch(Dim::isConstant)) {
            return nodes.vector(sizes.stream().map(Dim::first).toList());
        }
        String known = vectors.get(sizes);
        if (known != null) {
            return known;
        }
        List<String> parts = new ArrayList<>();
        for (Dim d : sizes) {
            Dim.Linear size = linear(d);
            String part = size.factor() == 0 ? nodes.vector(List.of(size.offset())) : batch();
            if (size.factor() > 1 || size.factor() < 0) {
                part = nodes.node("Mul", part, nodes.vector(List.of(size.factor())));
            }
            if (size.factor() != 0 && size.offset() != 0) {
                part = nodes.node("Add", part, nodes.vector(List.of(size.offset())));
            }
            parts.add(part);
        }
        String vector = parts.size() == 1 ? parts.getFirst() : nodes.node("Concat", parts, AttributeProto.of("axis", 0));
        vectors.put(sizes, vector);
        return vector;
    }

    /** Returns a size as a whole number without axes. */
    String scalar(Dim size) {
        return size.isConstant() ? nodes.whole(size.first()) : nodes.node("Squeeze", vector(List.of(size)), nodes.vector(List.of(0L)));
    }

    /** Returns a size as a number. */
    String number(Dim size) {
        return size.isConstant() ? nodes.scalar(size.first()) : nodes.node("Cast", scalar(size), AttributeProto.of("to", ElementType.FLOAT.number()));
    }

    /** Returns what Reshape needs to make a tensor of this shape: one size that is not constant may be left to it. */
    String target(List<Dim> shape) {
        if (shape.stream().filter(d -> !d.isConstant()).count() > 1) {
            return vector(shape);
        }
        return nodes.vector(shape.stream().map(d -> d.isConstant() ? d.first() : -1L).toList());
    }

    /** The batch size, a vector of one element. */
    private String batch() {
        if (batch.isEmpty()) {
            Source s = source.orElseThrow(() -> new FreeBatchException(step, "a size depends on the batch size, and no input has it"));
            String size = nodes.node("Gather", nodes.node("Shape", s.input), nodes.vector(List.of((long) s.axis)));
            if (s.size.offset() != 0) {
                size = nodes.node("Sub", size, nodes.vector(List.of(s.size.offset())));
            }
            if (s.size.factor() != 1) {
                size = nodes.node("Div", size, nodes.vector(List.of(s.size.factor())));
            }
            batch = Optional.of(size);
        }
        return batch.get();
    }
}
