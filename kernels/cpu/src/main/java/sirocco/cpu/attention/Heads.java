package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;

import sirocco.cpu.Layout;
import sirocco.cpu.conv.Gemm;

/**
 * The sizes of an attention and how it is cut: each head of each image by itself ("task"), its keys in panels of 32, its queries in tiles
 * of {@link #rows}. The cut depends on the sizes alone, so the results do not depend on the number of threads.
 *
 * <p>Within a task matrices lie in blocks of 16 columns, [column block][row][16], as {@link Gemm#rows} wants them; channels are filled
 * up with zeros to {@link #channels}, keys to {@link #keys}.
 *
 * @param images images
 * @param heads heads of an image
 * @param pixels queries of a head
 * @param others keys of a head
 * @param d channels of a head
 */
record Heads(int images, int heads, int pixels, int others, int d) {
    /** Floats of a tile of scores: half of a small level-2 cache, with as much again for what is read along with it. */
    private static final int TILE_FLOATS = 32_768;
    private static final int MOST_ROWS = 64;
    private static final int LEAST_ROWS = 8;

    static Heads of(Layout q, Layout k, int heads) {
        return new Heads(q.n(), heads, q.h() * q.w(), k.h() * k.w(), q.c() / heads);
    }

    int tasks() {
        return images * heads;
    }

    /** Channels of a head, filled up to whole blocks. */
    int channels() {
        return blocks() * BLOCK;
    }

    /** Channel blocks of a head. */
    int blocks() {
        return (d + BLOCK - 1) / BLOCK;
    }

    int channelPanels() {
        return (d + Gemm.PANEL - 1) / Gemm.PANEL;
    }

    /** Keys, filled up to whole blocks. */
    int keys() {
        return keyBlocks() * BLOCK;
    }

    int keyBlocks() {
        return (others + BLOCK - 1) / BLOCK;
    }

    int keyPanels() {
        return (others + Gemm.PANEL - 1) / Gemm.PANEL;
    }

    /** Queries of a tile; the last tile of a task may have fewer. */
    int rows() {
        int fit = Math.max(LEAST_ROWS, TILE_FLOATS / keys() / LEAST_ROWS * LEAST_ROWS);
        return Math.min(Math.min(fit, MOST_ROWS), pixels);
    }

    /** Floats from a column block of a tile to the next: one row more than there are, since powers of two all meet in the same cache sets. */
    int step() {
        return (rows() + 1) * BLOCK;
    }

    int tiles() {
        return (pixels + rows() - 1) / rows();
    }

    /** Floats of a task's keys or values transposed: [key panel][channel block][16 channels][32 keys]. */
    int transposedFloats() {
        return keyPanels() * Gemm.PANEL * channels();
    }

    /** Floats of a task's keys or values as they are: [channel panel][key block][16 keys][32 channels]. */
    int panelFloats() {
        return channelPanels() * Gemm.PANEL * keys();
    }

    /** 1/√d, what scores are scaled by. */
    float scale() {
        return (float) (1 / Math.sqrt(d));
    }

    /** Where each of {@code blocks} column blocks of a tile begins. */
    int[] blockStarts(int blocks) {
        int[] starts = new int[blocks];
        for (int i = 0; i < blocks; i++) {
            starts[i] = i * step();
        }
        return starts;
    }
}
