package sirocco.data;

import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/** A source of samples, read by number. A sample has a value in each of the source's columns. All methods may be called from any thread. */
public interface Samples {
    /** What {@link #size} returns if there is a sample for every index. */
    long UNLIMITED = Long.MAX_VALUE;

    /** Returns what to call the source in a message: a name or a path. */
    String name();

    /** Returns the number of samples: at least 1, or {@link #UNLIMITED}. */
    long size();

    /** Returns the columns that each sample has. */
    List<Column> columns();

    /**
     * Writes a sample into a row of a batch; the same index always gives the same values.
     *
     * @param index 0 … size − 1
     * @param into a batch with this source's columns
     * @throws DataException naming the file, if it cannot be read
     */
    void read(long index, Batch into, int row);

    /** Returns samples with the columns of both, which have none in common; as many as both have. */
    static Samples join(Samples a, Samples b) {
        return new Samples() {
            @Override
            public String name() {
                return a.name() + ", " + b.name();
            }

            @Override
            public long size() {
                return Math.min(a.size(), b.size());
            }

            @Override
            public List<Column> columns() {
                return Stream.concat(a.columns().stream(), b.columns().stream()).toList();
            }

            @Override
            public void read(long index, Batch into, int row) {
                a.read(index, into, row);
                b.read(index, into, row);
            }
        };
    }

    /** Returns samples that consist of a label: {@code label} of their number. */
    static Samples ofLabels(IntUnaryOperator label) {
        return new Samples() {
            @Override
            public String name() {
                return "labels";
            }

            @Override
            public long size() {
                return UNLIMITED;
            }

            @Override
            public List<Column> columns() {
                return List.of(Column.label());
            }

            @Override
            public void read(long index, Batch into, int row) {
                into.ints(Column.LABEL)[row] = label.applyAsInt(Math.toIntExact(index));
            }
        };
    }
}
