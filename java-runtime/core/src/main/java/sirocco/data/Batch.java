package sirocco.data;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import sirocco.api.Executable;
import sirocco.api.Value;

/** Samples by column: for each column an array with the elements of all samples, one sample after the other. */
public final class Batch {
    private final int size;
    private final Map<String, Column> columns = new LinkedHashMap<>();
    private final Map<String, Object> arrays = new LinkedHashMap<>();

    /**
     * Allocates a batch, all zeros.
     *
     * @param size number of samples
     * @throws ArithmeticException if a column has more than 2³¹ − 1 elements
     */
    public Batch(int size, Collection<Column> columns) {
        this.size = size;
        for (Column c : columns) {
            int elements = Math.multiplyExact(size, c.elements());
            this.columns.put(c.name(), c);
            arrays.put(c.name(), switch (c.type()) {
                case U8 -> new byte[elements];
                case I32 -> new int[elements];
                case F32 -> new float[elements];
            });
        }
    }

    /** Returns the number of samples. */
    public int size() {
        return size;
    }

    public List<Column> columns() {
        return List.copyOf(columns.values());
    }

    /** Returns the array of a column of type U8, as [n,h,w,c]. */
    public byte[] bytes(String column) {
        return (byte[]) array(column);
    }

    /** Returns the array of a column of type I32, as [n,h,w,c]. */
    public int[] ints(String column) {
        return (int[]) array(column);
    }

    /** Returns the array of a column of type F32, as [n,h,w,c]. */
    public float[] floats(String column) {
        return (float[]) array(column);
    }

    /** Copies the columns of a sample that both batches have. */
    public void copy(Batch from, int fromRow, int row) {
        columns.forEach((name, c) -> {
            if (from.columns.containsKey(name)) {
                System.arraycopy(from.array(name), fromRow * c.elements(), array(name), row * c.elements(), c.elements());
            }
        });
    }

    /** Writes a column to a value of an executable. */
    public void write(String column, Executable executable, Value to) {
        switch (array(column)) {
            case byte[] bytes -> executable.write(to, bytes);
            case int[] ints -> executable.write(to, ints);
            case float[] floats -> executable.write(to, floats);
            default -> throw new IllegalStateException("a column has no other element type");
        }
    }

    private Object array(String column) {
        Object array = arrays.get(column);
        if (array == null) {
            throw new NoSuchElementException("batch: there is no column \"" + column + "\" (expected one of " + columns.keySet() + ").");
        }
        return array;
    }
}
