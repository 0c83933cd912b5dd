package sirocco.onnx.proto;

import com.google.protobuf.CodedOutputStream;

/** Counts the bytes of a message. */
final class SizeOfFields implements Fields {
    private long bytes;

    long bytes() {
        return bytes;
    }

    @Override
    public void integer(int number, long value) {
        bytes += CodedOutputStream.computeInt64Size(number, value);
    }

    @Override
    public void real(int number, float value) {
        bytes += CodedOutputStream.computeFloatSize(number, value);
    }

    @Override
    public void text(int number, String value) {
        bytes += CodedOutputStream.computeStringSize(number, value);
    }

    @Override
    public void message(int number, Message value) {
        delimited(number, value.size());
    }

    @Override
    public void bytes(int number, long size, Body body) {
        delimited(number, size);
    }

    private void delimited(int number, long size) {
        bytes += CodedOutputStream.computeTagSize(number) + CodedOutputStream.computeUInt64SizeNoTag(size) + size;
    }
}
