package sirocco.data;

import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;

/**
 * A named column of samples: what each sample has of one kind, such as its image or its label.
 *
 * @param name unique among the columns of a source; also the name of a graph's input that receives the column
 * @param type of its elements
 * @param shape [1,h,w,c] of one sample
 */
public record Column(String name, DType type, Shape shape) {
    /** The name of the column of 8-bit images, U8 [1,h,w,c]. */
    public static final String IMAGE = "image";

    /** The name of the column of class numbers, I32 [1,1,1,1]. */
    public static final String LABEL = "label";

    public Column {
        if (shape.n() != 1) {
            throw new IllegalArgumentException("column " + name + ": the shape is that of one sample (expected [1,h,w,c], got " + shape + ").");
        }
    }

    /** Returns the column of 8-bit images of a size. */
    public static Column image(int height, int width, int channels) {
        return new Column(IMAGE, DType.U8, new Shape(1, height, width, channels));
    }

    /** Returns the column of class numbers. */
    public static Column label() {
        return new Column(LABEL, DType.I32, Shape.SCALAR);
    }

    /** Returns the number of elements of one sample. */
    public int elements() {
        return Math.toIntExact(shape.elements());
    }

    /** Adds an input to a graph that receives this column of {@code n} samples. */
    public Value input(GraphBuilder g, int n) {
        return g.input(name, shape.withN(n), type);
    }
}
