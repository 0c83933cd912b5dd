package sirocco.onnx.proto;

import java.io.IOException;
import java.util.List;

/** An input or output of a graph: its name, element type and shape. */
public record ValueInfoProto(String name, ElementType type, List<Dimension> shape) implements Message {
    /** The size of an axis: a number, or the name of one that is known when the model runs. */
    public sealed interface Dimension extends Message {
        /** A size that is known. */
        record Fixed(long value) implements Dimension {
            @Override
            public void fields(Fields out) throws IOException {
                out.integer(1, value);
            }
        }

        /** A size that is known when the model runs; the same name stands for the same size. */
        record Free(String name) implements Dimension {
            @Override
            public void fields(Fields out) throws IOException {
                out.text(2, name);
            }
        }
    }

    public ValueInfoProto {
        shape = List.copyOf(shape);
    }

    @Override
    public void fields(Fields out) throws IOException {
        out.text(1, name);
        out.message(2, valueType -> valueType.message(1, tensorType -> {
            tensorType.integer(1, type.number());
            tensorType.message(2, dims -> dims.messages(1, shape));
        }));
    }
}
