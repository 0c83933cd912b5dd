package sirocco.image;

import java.util.Arrays;

/**
 * A palette of at most 256 colours for a picture, by median cut (Heckbert, 1982, "Color image quantization for frame buffer display"):
 * the box of colours whose widest side, weighted by how many pixels it holds, is greatest is cut at the median until there are enough;
 * each box becomes its mean. A picture of no more colours than that keeps them exactly.
 */
final class MedianCut {
    private static final int MOST = 256;

    /** 0xRRGGBB */
    private final int[] palette;
    /** The distinct colours in ascending order, and the palette's entry for each. */
    private final int[] colours;
    private final byte[] entries;

    /** A run of the work list, with the channel in which it is widest. */
    private record Box(int from, int to, int shift, double worth) {}

    /** @param pixels 0xRRGGBB, at least one */
    MedianCut(int[] pixels) {
        int[] sorted = pixels.clone();
        Arrays.sort(sorted);
        int distinct = 0;
        int[] counts = new int[sorted.length];
        for (int i = 0; i < sorted.length; i++) {
            if (distinct == 0 || sorted[i] != sorted[distinct - 1]) {
                sorted[distinct++] = sorted[i];
            }
            counts[distinct - 1]++;
        }
        colours = Arrays.copyOf(sorted, distinct);
        entries = new byte[distinct];
        // Colour and count in one number, so that a run can be sorted by a channel without objects.
        long[] work = new long[distinct];
        for (int i = 0; i < distinct; i++) {
            work[i] = (long) colours[i] << 32 | counts[i];
        }
        Box[] boxes = new Box[MOST];
        boxes[0] = box(work, 0, distinct);
        int n = 1;
        while (n < MOST) {
            int widest = 0;
            for (int i = 1; i < n; i++) {
                widest = boxes[i].worth > boxes[widest].worth ? i : widest;
            }
            Box cut = boxes[widest];
            if (cut.worth == 0) {
                break;
            }
            int middle = cut(work, cut);
            boxes[widest] = box(work, cut.from, middle);
            boxes[n++] = box(work, middle, cut.to);
        }
        palette = new int[n];
        for (int i = 0; i < n; i++) {
            palette[i] = mean(work, boxes[i]);
            for (int k = boxes[i].from; k < boxes[i].to; k++) {
                entries[Arrays.binarySearch(colours, (int) (work[k] >>> 32))] = (byte) i;
            }
        }
    }

    int[] palette() {
        return palette;
    }

    /** The palette's entry for a colour of the picture. */
    byte entry(int colour) {
        return entries[Arrays.binarySearch(colours, colour)];
    }

    private static int channel(long worked, int shift) {
        return (int) (worked >>> 32 + shift) & 0xFF;
    }

    private static Box box(long[] work, int from, int to) {
        int widestShift = 0;
        int width = -1;
        for (int shift = 0; shift <= 16; shift += 8) {
            int least = 255;
            int most = 0;
            for (int i = from; i < to; i++) {
                least = Math.min(least, channel(work[i], shift));
                most = Math.max(most, channel(work[i], shift));
            }
            if (most - least > width) {
                width = most - least;
                widestShift = shift;
            }
        }
        double pixels = 0;
        for (int i = from; i < to; i++) {
            pixels += (int) work[i];
        }
        return new Box(from, to, widestShift, width * Math.sqrt(pixels));
    }

    /** Sorts the box by its widest channel and returns where its second half begins; neither half is empty. */
    private static int cut(long[] work, Box box) {
        long[] keyed = new long[box.to - box.from];
        for (int i = 0; i < keyed.length; i++) {
            keyed[i] = (long) channel(work[box.from + i], box.shift) << 32 | i;
        }
        Arrays.sort(keyed);
        long[] sorted = new long[keyed.length];
        long pixels = 0;
        for (int i = 0; i < keyed.length; i++) {
            sorted[i] = work[box.from + (int) keyed[i]];
            pixels += (int) sorted[i];
        }
        System.arraycopy(sorted, 0, work, box.from, sorted.length);
        long below = 0;
        for (int i = 0; i < sorted.length - 1; i++) {
            below += (int) sorted[i];
            if (2 * below >= pixels) {
                return box.from + i + 1;
            }
        }
        return box.to - 1;
    }

    private static int mean(long[] work, Box box) {
        double[] sums = new double[3];
        double pixels = 0;
        for (int i = box.from; i < box.to; i++) {
            int count = (int) work[i];
            pixels += count;
            for (int c = 0; c < 3; c++) {
                sums[c] += (double) count * channel(work[i], 8 * c);
            }
        }
        return (int) Math.round(sums[2] / pixels) << 16 | (int) Math.round(sums[1] / pixels) << 8 | (int) Math.round(sums[0] / pixels);
    }
}
