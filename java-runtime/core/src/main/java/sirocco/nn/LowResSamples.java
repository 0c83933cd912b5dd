package sirocco.nn;

import java.util.List;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.data.Dataset;
import sirocco.data.Samples;

/** The low-resolution partners of images that are to be generated, one for each number: those of a dataset in turn, over and over. */
public final class LowResSamples implements Samples {
    private final LowResCondition condition;
    private final Dataset data;
    private final int factor;
    private final long stride;

    private LowResSamples(LowResCondition condition, Dataset data, int factor, long stride) {
        this.condition = condition;
        this.data = data;
        this.factor = factor;
        this.stride = stride;
        ImageSize size = condition.size();
        if (data.height() != factor * size.height() || data.width() != factor * size.width() || data.channels() != condition.channels()) {
            throw new IllegalArgumentException("low-resolution partners: the images of \"" + data.name() + "\" do not fit (expected " + factor * size.height() + "×"
                    + factor * size.width() + " with " + condition.channels() + " channels, got " + data.height() + "×" + data.width() + " with " + data.channels() + ").");
        }
    }

    /**
     * Returns a dataset's images as partners.
     *
     * @throws IllegalArgumentException if the images have not the size and the channels of a partner
     */
    public static LowResSamples of(LowResCondition condition, Dataset partners) {
        return new LowResSamples(condition, partners, 1, 1);
    }

    /**
     * Returns the averages of a dataset's images.
     *
     * @param count so many images are taken from the whole of a dataset that has an end, since files are sorted by class
     * @throws IllegalArgumentException if the images have not the size and the channels of the network's
     */
    public static LowResSamples averages(LowResCondition condition, Dataset images, int count) {
        return new LowResSamples(condition, images, condition.factor(), images.size() == UNLIMITED ? 1 : Math.max(1, images.size() / count));
    }

    /** Returns the label of the image that sample {@code index} comes from. */
    public int label(long index) {
        return data.read(number(index), new byte[data.imageBytes()], 0);
    }

    private long number(long index) {
        return data.size() == UNLIMITED ? index : index * stride % data.size();
    }

    @Override
    public String name() {
        return data.name();
    }

    @Override
    public long size() {
        return UNLIMITED;
    }

    @Override
    public List<Column> columns() {
        return List.of(condition.column());
    }

    @Override
    public void read(long index, Batch into, int row) {
        byte[] image = new byte[data.imageBytes()];
        data.read(number(index), image, 0);
        ImageSize size = condition.size();
        int channels = condition.channels();
        float[] partners = into.floats(LowResCondition.COLUMN);
        int at = row * condition.column().elements();
        for (int y = 0; y < size.height(); y++) {
            for (int x = 0; x < size.width(); x++) {
                for (int c = 0; c < channels; c++) {
                    int sum = 0;
                    for (int p = 0; p < factor * factor; p++) {
                        sum += image[((y * factor + p / factor) * data.width() + x * factor + p % factor) * channels + c] & 0xFF;
                    }
                    partners[at++] = (float) (sum / (127.5 * factor * factor) - 1);
                }
            }
        }
    }
}
