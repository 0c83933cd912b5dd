package sirocco.cuda.kernel;

import java.util.List;
import java.util.function.ToLongFunction;
import sirocco.api.Value;

/** Tables by which one launch goes over many tensors: a row for each chunk of a tensor, its pointers, then its number of elements. */
final class Chunks {
    /** Elements of a thread block. */
    private static final int CHUNK = 4096;

    private Chunks() { }

    /**
     * One pointer of a row.
     *
     * @param place of a tensor's start
     */
    record Column(ToLongFunction<Value> place, int elementBytes) { }

    /** Thread blocks. */
    static int count(List<Value> values) {
        return Math.toIntExact(values.stream().mapToLong(v -> Launch.blocks(v.shape().elements(), CHUNK)).sum());
    }

    /** 64-bit words of a table with so many pointers in a row. */
    static int words(List<Value> values, int pointers) {
        return count(values) * (pointers + 1);
    }

    static long[] table(List<Value> values, List<Column> columns) {
        long[] table = new long[words(values, columns.size())];
        int at = 0;
        for (Value v : values) {
            long elements = v.shape().elements();
            for (long done = 0; done < elements; done += CHUNK) {
                for (Column c : columns) {
                    table[at++] = c.place.applyAsLong(v) + done * c.elementBytes;
                }
                table[at++] = Math.min(CHUNK, elements - done);
            }
        }
        return table;
    }
}
