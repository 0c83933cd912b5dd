package sirocco.onnx.proto;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** A named constant of a node. */
public sealed interface AttributeProto extends Message {
    /** A whole number. */
    static AttributeProto of(String name, long value) {
        return new Int(name, value);
    }

    /** A number. */
    static AttributeProto of(String name, float value) {
        return new Real(name, value);
    }

    /** A text. */
    static AttributeProto of(String name, String value) {
        return new Text(name, value);
    }

    /** Whole numbers. */
    static AttributeProto of(String name, long... values) {
        return new Ints(name, Arrays.stream(values).boxed().toList());
    }

    /** Type INT. */
    record Int(String name, long value) implements AttributeProto {
        @Override
        public void fields(Fields out) throws IOException {
            out.text(1, name);
            out.integer(3, value);
            out.integer(20, 2);
        }
    }

    /** Type FLOAT. */
    record Real(String name, float value) implements AttributeProto {
        @Override
        public void fields(Fields out) throws IOException {
            out.text(1, name);
            out.real(2, value);
            out.integer(20, 1);
        }
    }

    /** Type STRING. */
    record Text(String name, String value) implements AttributeProto {
        @Override
        public void fields(Fields out) throws IOException {
            out.text(1, name);
            out.text(4, value);
            out.integer(20, 3);
        }
    }

    /** Type INTS. */
    record Ints(String name, List<Long> values) implements AttributeProto {
        @Override
        public void fields(Fields out) throws IOException {
            out.text(1, name);
            out.integers(8, values);
            out.integer(20, 7);
        }
    }
}
