package sirocco.train;

import sirocco.api.Executable;
import sirocco.data.Batch;
import sirocco.data.Batches;
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
                Batch batch = batches.next();
                executable.write(graph.images(), batch.images());
                graph.labels().ifPresent(v -> executable.write(v, batch.labels()));
            }

            @Override
            public void close() {
                batches.close();
            }
        };
    }

    /**
     * Numbers of images in a dataset that lies on the device.
     *
     * @param labels of all its images
     * @param first the number of the batch to begin at
     */
    static Feed device(TrainGraph graph, int batch, Order order, int[] labels, long first) {
        int[] ids = new int[batch];
        int[] classes = new int[batch];
        return new Feed() {
            private long number = first;

            @Override
            public void next(Executable executable) {
                for (int i = 0; i < batch; i++) {
                    ids[i] = (int) order.index(number * batch + i);
                    classes[i] = labels[ids[i]];
                }
                executable.write(graph.resident().orElseThrow().ids(), ids);
                graph.labels().ifPresent(v -> executable.write(v, classes));
                number++;
            }

            @Override
            public void close() { }
        };
    }
}
