package sirocco.image;

import java.util.Arrays;

/** Many images of one size as one picture. */
public final class Grid {
    private static final byte GAP_SHADE = (byte) 24;

    private Grid() {}

    /**
     * Rows of {@code columns} images with a dark gap around each.
     *
     * @param images u8 [count, height, width, channels]; more may follow
     * @param columns images a row, at least 1; the last row may stay short
     * @param scale every pixel becomes scale × scale, at least 1
     * @param gap pixels between images and around them, at least 0
     */
    public static Picture of(byte[] images, int count, int height, int width, int channels, int columns, int scale, int gap) {
        if (count < 1 || columns < 1 || scale < 1 || gap < 0) {
            throw new IllegalArgumentException("grid: expected count, columns and scale of at least 1 and a gap of at least 0, got " + count
                    + ", " + columns + ", " + scale + ", " + gap);
        }
        int across = Math.min(columns, count);
        int down = (count + across - 1) / across;
        int cellHeight = height * scale + gap;
        int cellWidth = width * scale + gap;
        int gridHeight = Math.addExact(Math.multiplyExact(down, cellHeight), gap);
        int gridWidth = Math.addExact(Math.multiplyExact(across, cellWidth), gap);
        byte[] pixels = new byte[Math.multiplyExact(Math.multiplyExact(gridHeight, gridWidth), channels)];
        Arrays.fill(pixels, GAP_SHADE);
        for (int i = 0; i < count; i++) {
            int top = gap + i / across * cellHeight;
            int left = gap + i % across * cellWidth;
            for (int y = 0; y < height * scale; y++) {
                for (int x = 0; x < width * scale; x++) {
                    int from = ((i * height + y / scale) * width + x / scale) * channels;
                    int to = ((top + y) * gridWidth + left + x) * channels;
                    System.arraycopy(images, from, pixels, to, channels);
                }
            }
        }
        return new Picture(pixels, gridHeight, gridWidth, channels);
    }

    /** As near a square as {@code count} images allow: 8 columns for 64, 4 for 10. */
    public static int columnsFor(int count) {
        return (int) Math.ceil(Math.sqrt(count));
    }
}
