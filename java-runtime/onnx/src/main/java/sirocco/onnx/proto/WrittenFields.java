package sirocco.onnx.proto;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;

/** Writes the fields of a message. */
final class WrittenFields implements Fields {
    /** Wire type of a field that starts with its length. */
    private static final int LENGTH_DELIMITED = 2;

    private final CodedOutputStream out;

    WrittenFields(CodedOutputStream out) {
        this.out = out;
    }

    @Override
    public void integer(int number, long value) throws IOException {
        out.writeInt64(number, value);
    }

    @Override
    public void real(int number, float value) throws IOException {
        out.writeFloat(number, value);
    }

    @Override
    public void text(int number, String value) throws IOException {
        out.writeString(number, value);
    }

    @Override
    public void message(int number, Message value) throws IOException {
        header(number, value.size());
        value.writeTo(out);
    }

    @Override
    public void bytes(int number, long size, Body body) throws IOException {
        header(number, size);
        body.writeTo(out);
    }

    private void header(int number, long size) throws IOException {
        out.writeTag(number, LENGTH_DELIMITED);
        out.writeUInt64NoTag(size);
    }
}
