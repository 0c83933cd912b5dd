package sirocco.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import sirocco.onnx.proto.AttributeProto;
import sirocco.onnx.proto.NodeProto;
import sirocco.onnx.proto.TensorProto;

/** The nodes and constants written so far. Names are unique; equal small constants are stored once. */
final class Nodes {
    private final List<NodeProto> nodes = new ArrayList<>();
    private final List<TensorProto> initializers = new ArrayList<>();
    private final Set<String> taken = new HashSet<>();
    private final Map<String, Integer> counts = new HashMap<>();
    private final Map<List<?>, String> constants = new HashMap<>();
    private String path = "";

    /** Sets the path of the layer that the following nodes belong to: the beginning of their names. */
    void at(String layer) {
        path = layer;
    }

    String path() {
        return path;
    }

    /** Takes a name as it is. */
    String reserve(String name) {
        if (!taken.add(name)) {
            throw new IllegalArgumentException("export: two inputs, outputs or weights are called \"" + name + "\". Give each a name of its own.");
        }
        return name;
    }

    /** Returns a name that nothing has yet. */
    String unused(String wanted) {
        String name = wanted;
        while (!taken.add(name)) {
            name = wanted + "_" + counts.merge(wanted, 1, Integer::sum);
        }
        return name;
    }

    /** Adds a node with one output. Returns the output's name. */
    String node(String opType, List<String> inputs, AttributeProto... attributes) {
        String name = unused(path + "/" + opType);
        nodes.add(new NodeProto(opType, inputs, List.of(name), name, Arrays.asList(attributes)));
        return name;
    }

    String node(String opType, String input, AttributeProto... attributes) {
        return node(opType, List.of(input), attributes);
    }

    String node(String opType, String a, String b) {
        return node(opType, List.of(a, b));
    }

    /** Adds a constant that is stored as it is. Its name must be reserved. */
    void initializer(TensorProto tensor) {
        initializers.add(tensor);
    }

    /** Returns a scalar constant. */
    String scalar(double value) {
        float f = (float) value;
        return constants.computeIfAbsent(List.of("scalar", f), _ -> {
            String name = unused("constant/" + f);
            initializers.add(TensorProto.of(name, List.of(), f));
            return name;
        });
    }

    /** Returns a constant vector of whole numbers. */
    String vector(List<Long> values) {
        return constants.computeIfAbsent(List.of("vector", values), _ -> {
            String name = unused("constant/" + values.toString().replace(" ", ""));
            initializers.add(TensorProto.of(name, List.of((long) values.size()), values.stream().mapToLong(Long::longValue).toArray()));
            return name;
        });
    }

    /** Returns a constant vector of numbers. */
    String floats(float... values) {
        List<Float> key = new ArrayList<>();
        for (float v : values) {
            key.add(v);
        }
        return constants.computeIfAbsent(List.of("floats", key), _ -> {
            String name = unused("constant/" + values.length + "x" + values[0]);
            initializers.add(TensorProto.of(name, List.of((long) values.length), values));
            return name;
        });
    }

    /** Returns a constant whole number, without axes. */
    String whole(long value) {
        return constants.computeIfAbsent(List.of("whole", value), _ -> {
            String name = unused("constant/" + value);
            initializers.add(TensorProto.of(name, List.of(), value));
            return name;
        });
    }

    /** Gives outputs other names, which no node has yet. */
    void rename(Map<String, String> names) {
        nodes.replaceAll(n -> new NodeProto(n.opType(), n.inputs().stream().map(i -> names.getOrDefault(i, i)).toList(),
                n.outputs().stream().map(o -> names.getOrDefault(o, o)).toList(), n.name(), n.attributes()));
    }

    boolean writtenByNode(String name) {
        return nodes.stream().anyMatch(n -> n.outputs().contains(name));
    }

    List<NodeProto> all() {
        return nodes;
    }

    List<TensorProto> initializers() {
        return initializers;
    }
}
