package sirocco.onnx.proto;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;

/**
 * A message of {@code onnx.proto}. The records of this package have the fields that an exported network needs, under the names and numbers of ONNX's
 * specification (IR version 8).
 */
public interface Message {
    /** The largest message that protobuf can store, in bytes. */
    long MAX_BYTES = Integer.MAX_VALUE;

    /** Passes every field that is set to {@code out}, in ascending order of field numbers. */
    void fields(Fields out) throws IOException;

    /** Returns the number of bytes that {@link #writeTo} writes. */
    default long size() {
        SizeOfFields size = new SizeOfFields();
        try {
            fields(size);
        } catch (IOException e) {
            throw new IllegalStateException(e); // nothing is written
        }
        return size.bytes();
    }

    /** Writes the message. The caller flushes {@code out}. */
    default void writeTo(CodedOutputStream out) throws IOException {
        fields(new WrittenFields(out));
    }
}
