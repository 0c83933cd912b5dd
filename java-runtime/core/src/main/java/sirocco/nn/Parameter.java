package sirocco.nn;

import sirocco.api.Shape;

/**
 * One weight of a model.
 *
 * @param name its key in diffusers' model files, and its value's name in a graph
 * @param shape logical: a convolution [out,rows,columns,in], a linear layer [out,1,1,in], a vector [1,1,1,c], a table [rows,1,1,dim]
 */
public record Parameter(String name, Shape shape, Kind kind, Init init) {
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    /** What it is part of, which says how model files lay it out. */
    public enum Kind { CONV, LINEAR, VECTOR, TABLE }

    /** How training starts. */
    public enum Init {
        /** Variance scaling by the mean of fan-in and fan-out, uniform, scale 1 (Glorot &amp; Bengio 2010; Ho et al. 2020). */
        FAN_AVERAGE,
        /** The same with scale 1e-10: the layers that end a residual branch, which therefore starts as good as empty (Ho et al. 2020). */
        NEARLY_ZERO,
        ZERO,
        ONE,
        /** Standard normal, as PyTorch starts an embedding. */
        NORMAL
    }

    /** Returns the number of elements, for an array of them. @throws IllegalArgumentException if an array cannot have as many */
    int length() {
        if (shape.elements() > MAX_ARRAY) {
            throw new IllegalArgumentException("model configuration: " + name + " " + shape + " has " + shape.elements()
                    + " elements, an array holds at most " + MAX_ARRAY + "; make the model narrower");
        }
        return (int) shape.elements();
    }
}
