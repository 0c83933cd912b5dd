package sirocco.onnx.proto;

import java.io.IOException;
import java.util.List;

/**
 * A computation.
 *
 * @param nodes in an order in which every node's inputs were written before it
 * @param initializers constants and weights
 */
public record GraphProto(String name, List<NodeProto> nodes, List<TensorProto> initializers, List<ValueInfoProto> inputs, List<ValueInfoProto> outputs)
        implements Message {
    public GraphProto {
        nodes = List.copyOf(nodes);
        initializers = List.copyOf(initializers);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    @Override
    public void fields(Fields out) throws IOException {
        out.messages(1, nodes);
        out.text(2, name);
        out.messages(5, initializers);
        out.messages(11, inputs);
        out.messages(12, outputs);
    }
}
