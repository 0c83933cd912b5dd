package sirocco.onnx.proto;

import java.io.IOException;
import java.util.Map;

/**
 * A model: a graph with the operator set that it is written in.
 *
 * @param producerName the program that wrote it
 * @param producerVersion the program's version
 * @param docString a text for people
 * @param opset the version of ONNX's default operator set
 * @param metadata texts by name, kept in their order
 */
public record ModelProto(String producerName, String producerVersion, String docString, GraphProto graph, int opset, Map<String, String> metadata)
        implements Message {
    /** The version of the file format that came with operator set 17. */
    public static final int IR_VERSION = 8;

    @Override
    public void fields(Fields out) throws IOException {
        out.integer(1, IR_VERSION);
        out.text(2, producerName);
        out.text(3, producerVersion);
        out.text(6, docString);
        out.message(7, graph);
        out.message(8, domain -> {
            domain.text(1, "");
            domain.integer(2, opset);
        });
        for (Map.Entry<String, String> e : metadata.entrySet()) {
            out.message(14, entry -> {
                entry.text(1, e.getKey());
                entry.text(2, e.getValue());
            });
        }
    }
}
