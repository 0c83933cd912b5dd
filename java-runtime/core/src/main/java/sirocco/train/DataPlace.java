package sirocco.train;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.data.DataException;
import sirocco.data.Dataset;

/** Where the dataset lies while a model is trained on it. What is learned does not depend on it. */
public enum DataPlace {
    /** On the device, if it has memory of its own and the dataset takes no more than half of what the training step leaves free there. */
    AUTO,
    /** On the device: batches are gathered there. */
    DEVICE,
    /** With the host, which carries each batch to the device. */
    HOST;

    /** Bytes that go to the device at a time. */
    private static final int PART = 8 << 20;

    /**
     * How many images are to lie on the device; empty if none.
     *
     * @param stepBytes what the training step takes without them
     * @throws IllegalArgumentException if the dataset is to lie on the device and cannot
     */
    OptionalInt images(Dataset data, Device device, long stepBytes) {
        boolean can = data.size() <= Integer.MAX_VALUE;
        if (this == DEVICE && !can) {
            throw new IllegalArgumentException("data on the device: \"" + data.name() + "\" has "
                    + (data.size() == Dataset.UNLIMITED ? "no end" : data.size() + " images, and " + Integer.MAX_VALUE + " can be told apart there")
                    + "; leave it with the host");
        }
        OptionalLong free = device.freeBytes();
        boolean fits = can && free.isPresent() && data.size() * data.imageBytes() <= (free.getAsLong() - stepBytes) / 2;
        return this == DEVICE || this == AUTO && fits ? OptionalInt.of((int) data.size()) : OptionalInt.empty();
    }

    /**
     * Copies a whole dataset to the device.
     *
     * @param to where the columns that lie on the device lie there
     * @param kept the columns that the host keeps
     * @return all samples' columns that the host keeps
     * @throws DataException naming the file, if a sample cannot be read
     */
    static Batch upload(Dataset data, Map<Column, Value> to, Collection<Column> kept, Executable executable) {
        int size = (int) data.size();
        Batch all = new Batch(size, kept);
        int largest = to.keySet().stream().mapToInt(Column::elements).max().orElse(1);
        int count = Math.max(1, Math.min(size, PART / largest));
        Batch part = new Batch(count, data.columns());
        for (int first = 0; first < size; first += count) {
            int now = Math.min(count, size - first);
            for (int i = 0; i < now; i++) {
                data.read(first + i, part, i);
                all.copy(part, i, first + i);
            }
            int from = first;
            to.forEach((c, v) -> {
                byte[] bytes = part.bytes(c.name());
                executable.write(v, (long) from * c.elements(), now * c.elements() == bytes.length ? bytes : Arrays.copyOf(bytes, now * c.elements()));
            });
        }
        return all;
    }
}
