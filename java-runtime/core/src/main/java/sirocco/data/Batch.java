package sirocco.data;

/**
 * What one training step is fed with. Its arrays are lent: {@link Batches} fills them again after the next call of
 * {@link Batches#next}.
 */
public final class Batch {
    private final byte[] images;
    private final int[] labels;
    private long step;

    Batch(int size, int imageBytes) {
        images = new byte[Math.multiplyExact(size, imageBytes)];
        labels = new int[size];
    }

    /** The step whose batch this is, from 0. */
    public long step() {
        return step;
    }

    /** How many images. */
    public int size() {
        return labels.length;
    }

    /** u8 [n, h, w, c] */
    public byte[] images() {
        return images;
    }

    /** [n]; all 0 where the dataset has no classes */
    public int[] labels() {
        return labels;
    }

    void step(long step) {
        this.step = step;
    }
}
