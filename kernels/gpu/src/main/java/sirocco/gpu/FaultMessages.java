package sirocco.gpu;

import java.util.function.IntFunction;
import sirocco.api.Value;

/** Error texts for bad data that only a kernel sees. Each takes the offending number, which the kernel has reported. */
public final class FaultMessages {
    /** For kernels that check nothing. */
    public static final IntFunction<String> UNKNOWN = number -> "a kernel reported " + number;

    private FaultMessages() { }

    /** Returns the text for an id outside an embedding table [rows, dim]. */
    public static IntFunction<String> idOutside(Value table) {
        int rows = table.shape().n();
        return id -> "id " + id + " is not a row of the table, expected 0 to " + (rows - 1);
    }

    /** Returns the text for an id outside a dataset of images [size, h, w, c]. */
    public static IntFunction<String> imageOutside(Value dataset) {
        int size = dataset.shape().n();
        return id -> "id " + id + " is not in the dataset, expected 0 to " + (size - 1);
    }

    /** Returns the text for a cursor outside a table of denoising steps [rows, columns]. */
    public static IntFunction<String> cursorOutside(Value table) {
        int rows = table.shape().n();
        return cursor -> "cursor " + cursor + " is outside the table, which has rows 0 to " + (rows - 1) + "; set it back to 0 to start another chain";
    }

    /** Returns the text for a label outside 0 to {@code classes} − 1. */
    public static IntFunction<String> labelOutside(int classes) {
        return label -> "label " + label + " is no class, expected 0 to " + (classes - 1);
    }
}
