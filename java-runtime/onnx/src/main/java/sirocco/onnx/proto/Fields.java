package sirocco.onnx.proto;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;

/** Receives the fields of a {@link Message}, to count their bytes or to write them. */
public interface Fields {
    /** Bytes that are produced while they are written, so that a model's weights are never copied as a whole. */
    @FunctionalInterface
    interface Body {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    /** A field of type int64, int32 or an enumeration. */
    void integer(int number, long value) throws IOException;

    /** A field of type float. */
    void real(int number, float value) throws IOException;

    /** A field of type string, or of bytes that are UTF-8 text. */
    void text(int number, String value) throws IOException;

    /** A field of another message. */
    void message(int number, Message value) throws IOException;

    /** A field of type bytes. {@code body} writes exactly {@code size} bytes. */
    void bytes(int number, long size, Body body) throws IOException;

    /** A repeated field of messages. */
    default void messages(int number, Iterable<? extends Message> values) throws IOException {
        for (Message m : values) {
            message(number, m);
        }
    }

    /** A repeated field of strings. */
    default void texts(int number, Iterable<String> values) throws IOException {
        for (String s : values) {
            text(number, s);
        }
    }

    /** A repeated field of integers, not packed. */
    default void integers(int number, Iterable<Long> values) throws IOException {
        for (long v : values) {
            integer(number, v);
        }
    }
}
