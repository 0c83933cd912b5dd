package sirocco.onnx;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import sirocco.io.AtomicFiles;
import sirocco.onnx.proto.GraphProto;
import sirocco.onnx.proto.Message;
import sirocco.onnx.proto.ModelProto;
import sirocco.onnx.proto.NodeProto;

/** An exported network, ready to be written. Its weights are read when it is written, and are not copied. */
public final class OnnxModel {
    private static final int BUFFER = 1 << 16;

    private final ModelProto model;
    private final long bytes;

    /** @throws IllegalArgumentException if the file would be larger than a protobuf file can be */
    OnnxModel(ModelProto model) {
        this.model = model;
        bytes = checkedSize(model.size());
    }

    /** Returns {@code bytes}, if a file can have that size. */
    static long checkedSize(long bytes) {
        if (bytes > Message.MAX_BYTES) {
            throw new IllegalArgumentException("export: the file would have " + bytes + " bytes (expected at most " + Message.MAX_BYTES
                    + ", the limit of a protobuf file). Export a model with fewer parameters.");
        }
        return bytes;
    }

    /** Returns the size of the file in bytes. */
    public long bytes() {
        return bytes;
    }

    /** Returns how many nodes there are of each operator, by its name. */
    public Map<String, Integer> nodes() {
        Map<String, Integer> counts = new TreeMap<>();
        for (NodeProto n : model.graph().nodes()) {
            counts.merge(n.opType(), 1, Integer::sum);
        }
        return counts;
    }

    /** Returns the graph as it is written. */
    public GraphProto graph() {
        return model.graph();
    }

    /**
     * Writes or replaces a file in one step; a failure leaves what was there before.
     *
     * @param file in a folder that exists or can be created
     */
    public void write(Path file) throws IOException {
        AtomicFiles.write(file, channel -> write(CodedOutputStream.newInstance(Channels.newOutputStream(channel), BUFFER)));
    }

    /** Returns the file's contents, for a runtime in the same process. */
    public byte[] toBytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream((int) bytes);
        try {
            write(CodedOutputStream.newInstance(out, BUFFER));
        } catch (IOException e) {
            throw new IllegalStateException(e); // memory
        }
        return out.toByteArray();
    }

    private void write(CodedOutputStream out) throws IOException {
        model.writeTo(out);
        out.flush();
    }
}
