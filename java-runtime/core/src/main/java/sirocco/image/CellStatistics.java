package sirocco.image;

/**
 * The feature of {@link FrechetDistance}: simple statistics of a picture's cells, no neural network. The picture is divided into 4 × 4
 * cells, and each gives
 * <ul>
 *   <li>3 numbers: the mean of red, green and blue;
 *   <li>3 numbers: their standard deviations;
 *   <li>8 numbers: the strength of luma edges by direction. A pixel's gradient (central differences, borders repeated) adds its length
 *       to the two of eight directions over 180° that it lies between, in proportion; divided by the number of pixels.
 * </ul>
 * 224 in all, pixel values running from 0 to 1. Grey pictures count as three equal channels. So colours and layout, contrast, sharpness
 * and the run of edges are seen, what the picture shows is not.
 */
final class CellStatistics {
    static final int CELLS = 4;
    static final int DIRECTIONS = 8;
    static final int SIZE = CELLS * CELLS * (6 + DIRECTIONS);

    private CellStatistics() {}

    /** Writes the {@link #SIZE} numbers of u8 [height, width, channels] at {@code images[offset]}; both sides at least 4. */
    static double[] of(byte[] images, int offset, int height, int width, int channels) {
        double[] red = new double[height * width];
        double[] green = new double[height * width];
        double[] blue = new double[height * width];
        double[] luma = new double[height * width];
        for (int i = 0; i < height * width; i++) {
            int at = offset + i * channels;
            red[i] = (images[at] & 0xFF) / 255.0;
            green[i] = (images[at + channels / 2] & 0xFF) / 255.0;
            blue[i] = (images[at + channels - 1] & 0xFF) / 255.0;
            luma[i] = 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i];
        }
        double[] out = new double[SIZE];
        int at = 0;
        for (int cy = 0; cy < CELLS; cy++) {
            for (int cx = 0; cx < CELLS; cx++) {
                int top = cy * height / CELLS;
                int bottom = (cy + 1) * height / CELLS;
                int left = cx * width / CELLS;
                int right = (cx + 1) * width / CELLS;
                moments(red, width, top, bottom, left, right, out, at);
                moments(green, width, top, bottom, left, right, out, at + 1);
                moments(blue, width, top, bottom, left, right, out, at + 2);
                edges(luma, height, width, top, bottom, left, right, out, at + 6);
                at += 6 + DIRECTIONS;
            }
        }
        return out;
    }

    /** Mean to {@code out[at]}, standard deviation three further on. */
    private static void moments(double[] plane, int width, int top, int bottom, int left, int right, double[] out, int at) {
        int n = (bottom - top) * (right - left);
        double mean = 0;
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                mean += plane[y * width + x] / n;
            }
        }
        double variance = 0;
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                double d = plane[y * width + x] - mean;
                variance += d * d / n;
            }
        }
        out[at] = mean;
        out[at + 3] = Math.sqrt(variance);
    }

    private static void edges(double[] luma, int height, int width, int top, int bottom, int left, int right, double[] out, int at) {
        int n = (bottom - top) * (right - left);
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                double dx = luma[y * width + Math.min(x + 1, width - 1)] - luma[y * width + Math.max(x - 1, 0)];
                double dy = luma[Math.min(y + 1, height - 1) * width + x] - luma[Math.max(y - 1, 0) * width + x];
                double strength = Math.sqrt(dx * dx + dy * dy);
                if (strength > 0) {
                    double place = (Math.atan2(dy, dx) / Math.PI + 1) * DIRECTIONS;
                    int below = (int) place;
                    out[at + below % DIRECTIONS] += strength * (1 - (place - below)) / n;
                    out[at + (below + 1) % DIRECTIONS] += strength * (place - below) / n;
                }
            }
        }
    }
}
