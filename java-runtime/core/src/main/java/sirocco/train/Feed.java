package sirocco.train;

import sirocco.api.Executable;
import sirocco.data.Batch;
import sirocco.data.Batches;
import sirocco.data.DataException;
import sirocco.data.Order;

/** What gives a training step its batch. That of step s is the same whichever way it comes. */
interface Feed extends AutoCloseable {
    /**
     * Writes the next step's batch.
     *
     * @throws DataException where it cannot be read; all earlier ones were delivered
     */
    void next(Executable executable);

    @Override
    void close();

    /** Batches that the host decodes and carries to the device, step by step. */
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
     * @param firstStep the step to begin at
     */
    static Feed device(TrainGraph graph, int batch, Order order, int[] labels, long firstStep) {
        int[] ids = new int[batch];
        int[] classes = new int[batch];
        return new Feed() {
            private long step = firstStep;

            @Override
            public void next(Executable executable) {
                for (int i = 0; i < batch; i++) {
                    ids[i] = (int) order.index(step * batch + i);
                    classes[i] = labels[ids[i]];
                }
                executable.write(graph.resident().orElseThrow().ids(), ids);
                graph.labels().ifPresent(v -> executable.write(v, classes));
                step++;
            }

            @Override
            public void close() { }
        };
    }
}
