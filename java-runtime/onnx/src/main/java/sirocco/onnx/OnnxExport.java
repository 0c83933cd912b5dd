package sirocco.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.IntFunction;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Value;
import sirocco.onnx.proto.AttributeProto;
import sirocco.onnx.proto.ElementType;
import sirocco.onnx.proto.GraphProto;
import sirocco.onnx.proto.ModelProto;
import sirocco.onnx.proto.ValueInfoProto;
import sirocco.onnx.proto.ValueInfoProto.Dimension;

/**
 * Exports a recorded network to an ONNX file (operator set {@value #OPSET}).
 *
 * <p>The network's graph is lowered to primitives, which are written as ONNX's operators; {@link Options#mapped} writes some fused ops by an operator of their
 * own, which runtimes compute faster. A tensor's axes lie in the order in which it was made ({@link Order}): from one convolution to the next everything is in
 * NCHW, and transpositions are written only where an op needs another order.
 *
 * <p>The batch size is free if the network is recorded at several and the recordings differ only in sizes that are linear in it.
 */
public final class OnnxExport {
    /** The version of ONNX's operator set that files are written in. */
    public static final int OPSET = 17;

    private static final String PRODUCER = "sirocco";

    private final Options options;
    private final Recorded recorded;
    private final Writer w;

    /**
     * How a network is exported.
     *
     * @param batch the batch size, or empty for any
     * @param mapped whether fused ops are written by ONNX's operators for them; false writes primitives only
     * @param version the version of the program, stored in the file
     * @param name of the graph in the file
     * @param description a text for people
     * @param metadata texts by name, stored in the file
     */
    public record Options(OptionalInt batch, boolean mapped, String version, String name, String description, Map<String, String> metadata) {
        public Options {
            if (batch.isPresent() && batch.getAsInt() < 1) {
                throw new IllegalArgumentException("export: batch size is " + batch.getAsInt() + " (expected at least 1)");
            }
            metadata = new LinkedHashMap<>(metadata);
        }
    }

    private OnnxExport(Recorded recorded, Weights weights, Options options) {
        this.recorded = recorded;
        this.options = options;
        w = new Writer(recorded, weights);
    }

    /**
     * Exports a network.
     *
     * @param recording records the network at a batch size; called several times if the batch size is free
     * @param weights returns a parameter's elements in logical order; called for each parameter whenever the model is written
     * @throws UnsupportedOperationException listing the steps that cannot be exported: random draws, optimizers, updates of a state
     * @throws FreeBatchException if the batch size cannot be free, naming the step
     * @throws IllegalArgumentException if the file would be larger than a protobuf file can be, or a port does not fit its value
     */
    public static OnnxModel of(IntFunction<PortedGraph> recording, Function<Value, float[]> weights, Options options) {
        Recorded recorded = Recorded.of(recording, options.batch, n -> Mapped.lower(n.graph(), options.mapped));
        return new OnnxExport(recorded, new Weights(weights), options).run();
    }

    private OnnxModel run() {
        List<ValueInfoProto> inputs = new ArrayList<>();
        PortedGraph network = recorded.network();
        network.inputs().forEach(p -> w.nodes.reserve(p.name()));
        network.outputs().forEach(p -> w.nodes.reserve(p.name()));
        for (Port p : network.inputs()) {
            inputs.add(info(p));
            input(p);
        }
        new Steps(w, options.mapped).write();
        List<ValueInfoProto> outputs = new ArrayList<>();
        Map<String, String> names = new HashMap<>();
        for (Port p : network.outputs()) {
            outputs.add(info(p));
            output(p, names);
        }
        w.nodes.rename(names);
        GraphProto graph = new GraphProto(options.name, w.nodes.all(), w.nodes.initializers(), inputs, outputs);
        return new OnnxModel(new ModelProto(PRODUCER, options.version, options.description, graph, OPSET, options.metadata));
    }

    private void input(Port p) {
        w.nodes.at(p.name());
        w.sizes.input(p.name(), shape(p));
        String name = p.name();
        if (p.type() == ElementType.INT64) {
            name = w.nodes.node("Cast", name, AttributeProto.of("to", ElementType.INT32.number()));
        }
        if (p.axes().size() == Axis.values().length) {
            w.tensors.define(p.value(), new Order(p.axes()), name);
        } else {
            Order order = completed(p);
            w.tensors.define(p.value(), order, w.nodes.node("Reshape", name, w.sizes.target(w.dims(p.value()).in(order))));
        }
    }

    private void output(Port p, Map<String, String> names) {
        w.nodes.at(p.name());
        String name = w.tensors.in(p.value(), completed(p));
        if (p.axes().size() < Axis.values().length) {
            name = w.nodes.node("Reshape", name, w.sizes.target(shape(p)));
        }
        if (p.type() == ElementType.INT64) {
            name = w.nodes.node("Cast", name, AttributeProto.of("to", ElementType.INT64.number()));
        }
        if (names.containsKey(name) || !w.nodes.writtenByNode(name)) {
            name = w.nodes.node("Identity", name);
        }
        names.put(name, p.name());
    }

    /** The order of a port's axes, and then those of size 1. */
    private static Order completed(Port p) {
        List<Axis> axes = new ArrayList<>(p.axes());
        Order.NHWC.axes().stream().filter(a -> !axes.contains(a)).forEach(axes::add);
        return new Order(axes);
    }

    private List<Dim> shape(Port p) {
        for (Axis a : Axis.values()) {
            if (!p.axes().contains(a) && !w.dims(p.value()).at(a).isOne()) {
                throw new IllegalArgumentException("export: port \"" + p.name() + "\" does not name axis " + a + " (expected size 1, got " + p.value().shape() + ")");
            }
        }
        boolean fits = switch (p.type()) {
            case FLOAT -> p.value().dtype() == DType.F32;
            case INT32, INT64 -> p.value().dtype() == DType.I32;
            case UINT8 -> p.value().dtype() == DType.U8;
        };
        if (!fits) {
            throw new IllegalArgumentException("export: port \"" + p.name() + "\" is " + p.type() + ", which does not fit " + p.value());
        }
        return p.axes().stream().map(w.dims(p.value())::at).toList();
    }

    private ValueInfoProto info(Port p) {
        List<Dimension> dims = new ArrayList<>();
        for (Dim d : shape(p)) {
            Dim.Linear size = w.sizes.linear(d);
            String factor = size.factor() == 1 ? "batch" : size.factor() + "*batch";
            dims.add(size.factor() == 0 ? new Dimension.Fixed(size.offset())
                    : new Dimension.Free(size.offset() == 0 ? factor : factor + "+" + size.offset()));
        }
        return new ValueInfoProto(p.name(), p.type(), dims);
    }
}
