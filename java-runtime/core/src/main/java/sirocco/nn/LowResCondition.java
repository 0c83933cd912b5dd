package sirocco.nn;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Column;

/**
 * The low-resolution partner of an image, for super-resolution (Saharia et al. 2021, "SR3") and cascades (Ho et al. 2022): F32 [1,h,w,c] in model range
 * [−1,1]. In training it is the image, averaged over blocks of {@code factor} × {@code factor} pixels. The null partner is zero throughout, mid-gray.
 *
 * @param image size of the image, multiples of {@code factor}
 * @param channels of image and partner
 * @param factor how many times larger the image is, each way; at least 2
 */
public record LowResCondition(ImageSize image, int channels, int factor) implements Condition {
    /** The name of the column. */
    public static final String COLUMN = "low_res";

    /** Returns the size of a partner. */
    public ImageSize size() {
        return new ImageSize(image.height() / factor, image.width() / factor);
    }

    @Override
    public Column column() {
        return new Column(COLUMN, DType.F32, new Shape(1, size().height(), size().width(), channels));
    }

    /** Records the average of the samples' images, which are flipped as those that are noised. */
    @Override
    public Value ofSamples(GraphBuilder g, Function<String, Value> columns, RandomKey key, boolean flip) {
        Value images = columns.apply(Column.IMAGE);
        return g.in(COLUMN, () -> g.averagePool(g.pixels(images, key.rng(), key.index(), flip), factor));
    }

    /** {@inheritDoc} The draw is that of {@link ClassCondition}, so that partner and label of a sample are dropped together. */
    @Override
    public Value drop(GraphBuilder g, Value given, RandomKey key, double p) {
        Value kept = g.drawTimestep(key.rng(), key.index(), 1);
        Value row = g.dropLabels(kept, key.rng(), key.index(), (float) p, 1);
        Value factors = g.ramp(1, -1, Axis.N, new Shape(2, 1, 1, 1));
        return g.combine(factors, row, List.of(given)).getFirst();
    }

    @Override
    public void writeNull(Batch into, int row) {
        int elements = column().elements();
        Arrays.fill(into.floats(COLUMN), row * elements, (row + 1) * elements, 0);
    }

    @Override
    public void check(Batch given, int row, long sample) {
        int elements = column().elements();
        for (int i = row * elements; i < (row + 1) * elements; i++) {
            float v = given.floats(COLUMN)[i];
            if (!Float.isFinite(v)) {
                throw new IllegalArgumentException("low-resolution partner of image " + sample + ": a pixel is not a finite number (expected −1 to 1, got " + v + ").");
            }
        }
    }
}
