package sirocco.gpu;

import java.util.List;
import java.util.function.ToLongFunction;
import sirocco.api.Value;

/**
 * Tables by which one launch processes many tensors. A tensor is divided into chunks of {@value #SIZE} elements, of which the last may be shorter; the
 * table has a row for each chunk: its place in each of the tensors that are processed together, then its number of elements.
 */
public final class Chunks {
    /** Elements of a chunk. */
    public static final int SIZE = 4096;

    private Chunks() { }

    /**
     * One place of a row.
     *
     * @param tensors parallel to those of the other columns, with the same shapes
     * @param place the start of a tensor: an address, or an index in an array
     * @param elementSize from one element to the next, in the same unit
     */
    public record Column(List<Value> tensors, ToLongFunction<Value> place, int elementSize) { }

    /** Returns the number of chunks of all tensors, which is the number of rows. */
    public static int count(List<Value> tensors) {
        return Math.toIntExact(tensors.stream().mapToLong(v -> Math.ceilDiv(v.shape().elements(), SIZE)).sum());
    }

    /** Returns the number of entries of a table with {@code columns} places in a row. */
    public static int entries(List<Value> tensors, int columns) {
        return count(tensors) * (columns + 1);
    }

    /** Returns the table, row by row. */
    public static long[] table(List<Column> columns) {
        List<Value> shapes = columns.getFirst().tensors;
        long[] table = new long[entries(shapes, columns.size())];
        int to = 0;
        for (int tensor = 0; tensor < shapes.size(); tensor++) {
            long elements = shapes.get(tensor).shape().elements();
            for (long done = 0; done < elements; done += SIZE) {
                for (Column c : columns) {
                    table[to++] = c.place.applyAsLong(c.tensors.get(tensor)) + done * c.elementSize;
                }
                table[to++] = Math.min(SIZE, elements - done);
            }
        }
        return table;
    }
}
