package sirocco.train;

import java.util.OptionalInt;
import java.util.OptionalLong;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Value;
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
     * Carries a whole dataset to the device.
     *
     * @return its labels
     * @throws DataException naming the file, where an image cannot be read
     */
    static int[] upload(Dataset data, Value to, Executable executable) {
        int size = (int) data.size();
        int each = data.imageBytes();
        int[] labels = new int[size];
        byte[] part = new byte[Math.max(1, Math.min(size, PART / each)) * each];
        for (int first = 0; first < size; first += part.length / each) {
            int count = Math.min(part.length / each, size - first);
            byte[] now = count * each == part.length ? part : new byte[count * each];
            for (int i = 0; i < count; i++) {
                labels[first + i] = data.read(first + i, now, i * each);
            }
            executable.write(to, (long) first * each, now);
        }
        return labels;
    }
}
