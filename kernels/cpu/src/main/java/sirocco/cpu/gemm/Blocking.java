package sirocco.cpu.gemm;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.gemm.Product.DEPTH;

/**
 * How a product is cut into items. Depends on the sizes only, so that results do not depend on the number of threads.
 *
 * @param rows of an item, a multiple of 8, of 16 by columns
 * @param panels of an item
 * @param depth terms of a chunk of the sum, a multiple of 16
 * @param chunks of the sum
 * @param held chunks of the left operand that are packed at a time
 * @param parts into which the chunks are divided, whose sums are added in the end (split-K)
 */
record Blocking(int rows, int panels, int depth, int chunks, int held, int parts) {
    /** Most rows of an item. */
    private static final int MOST_ROWS = 96;
    private static final int LEAST_ROWS = 32;
    /** Most chunks of so many rows that stay in a level-2 cache: 408 KiB. */
    private static final int MOST_HELD = 4;
    /** Most panels of an item whose left operand is packed at once, and of one whose sums wait in scratch memory: 192 KiB. */
    private static final int MOST_PANELS = 64;
    private static final int MOST_WAITING = 16;
    private static final int LEAST_PANELS = 2;
    /** Items that keep several threads evenly busy. */
    private static final int ITEMS = 16;
    /** Chunks of a part at least, or adding the parts takes longer than it gains. */
    private static final int PART_CHUNKS = 4;

    /** @param run chunks do not extend over multiples of it, if it has a divisor that makes good chunks */
    static Blocking of(int batch, int m, int panels, int k, int run, boolean columns) {
        int step = columns ? BLOCK : 8;
        int depth = depth(k, run);
        int chunks = Math.max(1, ceilDiv(k, depth));
        int rowGroups = ceilDiv(m, MOST_ROWS);
        int panelGroups = ceilDiv(panels, chunks <= MOST_HELD ? MOST_PANELS : MOST_WAITING);
        while (batch * rowGroups * panelGroups < ITEMS && panels / panelGroups > LEAST_PANELS) {
            panelGroups++;
        }
        while (batch * rowGroups * panelGroups < ITEMS && m / rowGroups > LEAST_ROWS) {
            rowGroups++;
        }
        int rows = ceilDiv(ceilDiv(m, rowGroups), step) * step;
        int itemPanels = ceilDiv(panels, panelGroups);
        int items = batch * ceilDiv(m, rows) * ceilDiv(panels, itemPanels);
        int parts = Math.max(1, Math.min(ceilDiv(ITEMS, items), chunks / PART_CHUNKS));
        int ofPart = ceilDiv(chunks, parts);
        int held = ceilDiv(ofPart, ceilDiv(ofPart, MOST_HELD));
        return new Blocking(rows, itemPanels, depth, chunks, held, parts);
    }

    /** Terms of a chunk: as even as they can be, and a divisor of {@code run} if that has one from 64 on. */
    static int depth(int k, int run) {
        for (int d = DEPTH; d >= 64 && run > 0; d -= BLOCK) {
            if (run % d == 0) {
                return d;
            }
        }
        int chunks = Math.max(1, ceilDiv(k, DEPTH));
        return Math.max(BLOCK, ceilDiv(ceilDiv(k, chunks), BLOCK) * BLOCK);
    }

    static int ceilDiv(int a, int b) {
        return (a + b - 1) / b;
    }
}
