package sirocco.onnx.proto;

import java.io.IOException;
import java.util.List;

/**
 * An operator applied to named values.
 *
 * @param opType the operator's name in ONNX's default operator set
 * @param inputs names; an empty one stands for an optional input that is not given
 * @param outputs names that no other node writes
 * @param name of the node, for messages and profiles
 */
public record NodeProto(String opType, List<String> inputs, List<String> outputs, String name, List<AttributeProto> attributes) implements Message {
    public NodeProto {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = List.copyOf(attributes);
    }

    @Override
    public void fields(Fields out) throws IOException {
        out.texts(1, inputs);
        out.texts(2, outputs);
        out.text(3, name);
        out.text(4, opType);
        out.messages(5, attributes);
    }
}
