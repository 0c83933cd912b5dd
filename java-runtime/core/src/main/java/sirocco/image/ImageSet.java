package sirocco.image;

import java.util.Arrays;
import sirocco.data.DataException;
import sirocco.data.Dataset;

/** The statistics of a set of images that {@link FrechetDistance} compares: mean and covariance of {@link CellStatistics}. */
public final class ImageSet {
    private final int height;
    private final int width;
    private final int channels;
    private long count;
    private final double[] sum = new double[CellStatistics.SIZE];
    /** Σ (x − first)(x − first)ᵀ, the lower triangle, shifted by the first feature so that nearly equal images lose no digits. */
    private final double[][] products = new double[CellStatistics.SIZE][];
    private double[] first;

    /** An empty set of images of one size, each side at least 4, 1 or 3 channels. */
    public ImageSet(int height, int width, int channels) {
        if (height < CellStatistics.CELLS || width < CellStatistics.CELLS || (channels != 1 && channels != 3)) {
            throw new IllegalArgumentException("image set: expected sides of at least " + CellStatistics.CELLS
                    + " and 1 or 3 channels, got [" + height + "," + width + "," + channels + "]");
        }
        this.height = height;
        this.width = width;
        this.channels = channels;
        for (int i = 0; i < products.length; i++) {
            products[i] = new double[i + 1];
        }
    }

    /** The first {@code most} images of a dataset, or all if it has fewer. */
    public static ImageSet of(Dataset dataset, long most) {
        if (most == Dataset.UNLIMITED && dataset.size() == Dataset.UNLIMITED) {
            throw new DataException("dataset \"" + dataset.name() + "\" has no end: say how many images to compare");
        }
        ImageSet set = new ImageSet(dataset.height(), dataset.width(), dataset.channels());
        byte[] image = new byte[dataset.imageBytes()];
        for (long i = 0; i < Math.min(most, dataset.size()); i++) {
            dataset.read(i, image, 0);
            set.add(image, 0);
        }
        return set;
    }

    /** Adds u8 [height, width, channels] at {@code images[offset]}. */
    public void add(byte[] images, int offset) {
        double[] feature = CellStatistics.of(images, offset, height, width, channels);
        if (first == null) {
            first = feature.clone();
        }
        for (int i = 0; i < feature.length; i++) {
            feature[i] -= first[i];
            sum[i] += feature[i];
        }
        for (int i = 0; i < feature.length; i++) {
            for (int j = 0; j <= i; j++) {
                products[i][j] += feature[i] * feature[j];
            }
        }
        count++;
    }

    /** How many images were added. */
    public long count() {
        return count;
    }

    /** [height, width, channels] */
    public String shape() {
        return Arrays.toString(new int[] {height, width, channels});
    }

    double[] mean() {
        double[] mean = new double[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = first[i] + sum[i] / count;
        }
        return mean;
    }

    /** Unbiased, divided by count − 1; at least two images. */
    double[][] covariance() {
        double[][] covariance = new double[sum.length][sum.length];
        for (int i = 0; i < sum.length; i++) {
            for (int j = 0; j <= i; j++) {
                double value = (products[i][j] - sum[i] * sum[j] / count) / (count - 1);
                covariance[i][j] = value;
                covariance[j][i] = value;
            }
        }
        return covariance;
    }
}
