package sirocco.train;

import java.util.Map;
import sirocco.api.Executable;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Batches;
import sirocco.data.Column;
import sirocco.data.DataException;
import sirocco.data.Order;

/** What gives a training step its batch, or each of its micro-batches in turn. These are the same whichever way they come. */
interface Feed extends AutoCloseable {
    /**
     * Writes the next batch.
     *
     * @throws DataException where it cannot be read; all earlier ones were delivered
     */
    void next(Executable executable);

    @Override
    void close();

    /** Batches that the host decodes and copies to the device, one after another. */
    static Feed host(TrainGraph graph, Batches batches) {
        return new Feed() {
            @Override
            public void next(Executable executable) {
                write(graph.columns(), batches.next(), executable);
            }

            @Override
            public void close() {
                batches.close();
            }
        };
    }

    /**
     * Numbers of samples in a dataset that lies on the device.
     *
     * @param kept of all its samples, the columns that do not lie there
     * @param first the number of the batch to begin at
     */
    static Feed device(TrainGraph graph, int size, Order order, Batch kept, long first) {
        int[] ids = new int[size];
        Batch batch = new Batch(size, graph.columns().keySet());
        return new Feed() {
            private long number = first;

            @Override
            public void next(Executable executable) {
                for (int i = 0; i < size; i++) {
                    ids[i] = (int) order.index(number * size + i);
                    batch.copy(kept, ids[i], i);
                }
                executable.write(graph.resident().orElseThrow().ids(), ids);
                write(graph.columns(), batch, executable);
                number++;
            }

            @Override
            public void close() { }
        };
    }

    private static void write(Map<Column, Value> columns, Batch batch, Executable executable) {
        columns.forEach((c, v) -> batch.write(c.name(), executable, v));
    }
}
