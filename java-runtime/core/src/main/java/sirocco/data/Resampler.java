package sirocco.data;

/**
 * Centre crop to a square and resizing, on the values as stored (sRGB). Shrinking averages the area that a pixel covers, enlarging
 * interpolates cubically (Catmull and Rom, 1974); both directions treat rows and columns alike, and equal sizes copy exactly.
 */
final class Resampler {
    /** Gives one row of the source. */
    interface Rows {
        /** Writes row {@code y}, columns {@code left … left + count − 1}, channels innermost, each 0 … 255, to {@code into[0 …]}. */
        void read(int y, int left, int count, float[] into);
    }

    /** For each output place the first source place and the weights from there on; they sum to 1. */
    private record Taps(int[] first, float[][] weights) {}

    private Resampler() {}

    /** Writes u8 [side, side, channels] to {@code into[offset]}; the source has {@code height × width} pixels. */
    static void resize(Rows source, int height, int width, int channels, int side, byte[] into, int offset) {
        int square = Math.min(height, width);
        int top = (height - square) / 2;
        int left = (width - square) / 2;
        Taps taps = square >= side ? shrink(square, side) : enlarge(square, side);
        float[] row = new float[square * channels];
        float[][] narrow = new float[square][side * channels];
        for (int y = 0; y < square; y++) {
            source.read(top + y, left, square, row);
            for (int x = 0; x < side; x++) {
                float[] weights = taps.weights[x];
                for (int c = 0; c < channels; c++) {
                    float sum = 0;
                    for (int k = 0; k < weights.length; k++) {
                        sum += weights[k] * row[(taps.first[x] + k) * channels + c];
                    }
                    narrow[y][x * channels + c] = sum;
                }
            }
        }
        for (int y = 0; y < side; y++) {
            float[] weights = taps.weights[y];
            for (int x = 0; x < side * channels; x++) {
                float sum = 0;
                for (int k = 0; k < weights.length; k++) {
                    sum += weights[k] * narrow[taps.first[y] + k][x];
                }
                into[offset + y * side * channels + x] = (byte) Math.clamp((int) Math.floor(sum + 0.5f), 0, 255);
            }
        }
    }

    /** Output i covers the source from i·from/to to (i + 1)·from/to. */
    private static Taps shrink(int from, int to) {
        int[] first = new int[to];
        float[][] weights = new float[to][];
        double ratio = (double) from / to;
        for (int i = 0; i < to; i++) {
            // In whole numbers, so that exact ratios give exact bounds.
            first[i] = (int) ((long) i * from / to);
            int end = (int) (((i + 1L) * from + to - 1) / to);
            weights[i] = new float[end - first[i]];
            for (int k = 0; k < weights[i].length; k++) {
                double begin = Math.max(first[i] + k, i * ratio);
                double finish = Math.min(first[i] + k + 1, (i + 1) * ratio);
                weights[i][k] = (float) ((finish - begin) / ratio);
            }
        }
        return new Taps(first, weights);
    }

    /** Four neighbours of the place that corresponds; at the borders the outermost pixel repeats. */
    private static Taps enlarge(int from, int to) {
        int[] first = new int[to];
        float[][] weights = new float[to][];
        for (int i = 0; i < to; i++) {
            double place = (i + 0.5) * from / to - 0.5;
            int below = (int) Math.floor(place);
            first[i] = Math.max(0, below - 1);
            int last = Math.min(from - 1, below + 2);
            weights[i] = new float[last - first[i] + 1];
            for (int k = below - 1; k <= below + 2; k++) {
                weights[i][Math.clamp(k, first[i], last) - first[i]] += (float) catmullRom(Math.abs(place - k));
            }
        }
        return new Taps(first, weights);
    }

    private static double catmullRom(double d) {
        return d < 1 ? 1 + d * d * (1.5 * d - 2.5) : d < 2 ? 2 + d * (-4 + d * (2.5 - 0.5 * d)) : 0;
    }
}
