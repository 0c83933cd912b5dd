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
    /** Most terms of a chunk that is read in place. */
    private static final int DEPTH_IN_PLACE = 1024;
    /** Least terms of such a chunk; with shorter runs operands are packed. */
    private static final int LEAST_IN_PLACE = 64;
    /** Most rows of an item: with as many terms as are held, 400 KiB, which stay in a level-2 cache while the panels pass. */
    private static final int MOST_ROWS = 96;
    private static final int LEAST_ROWS = 64;
    private static final int MOST_HELD = 2;
    /** Most panels of an item, if its sums are complete after one pass over its rows, and if they wait in scratch memory: 192 KiB. */
    private static final int MOST_PANELS = 64;
    private static final int MOST_WAITING = 16;
    private static final int LEAST_PANELS = 2;
    /** Items that keep several threads evenly busy. */
    private static final int ITEMS = 16;
    /** Terms of a part at least, or adding the parts takes longer than it gains. */
    private static final int PART = 1024;

    /** @param run chunks do not extend over multiples of it, if it has a divisor that makes good chunks; 0 if operands are packed */
    static Blocking of(int batch, int m, int panels, int k, int run, boolean columns) {
        int step = columns ? BLOCK : 8;
        int depth = depth(k, run);
        int chunks = Math.max(1, ceilDiv(k, depth));
        int mostHeld = run > 0 ? 1 : MOST_HELD;
        int rowGroups = ceilDiv(m, MOST_ROWS);
        int panelGroups = ceilDiv(panels, chunks <= mostHeld ? MOST_PANELS : MOST_WAITING);
        // Parts of long sums read each operand as often as whole sums do; smaller blocks read it more often.
        int mostParts = Math.clamp(k / PART, 1, chunks);
        boolean divides = mostParts >= ceilDiv(ITEMS, batch * rowGroups * panelGroups);
        while (!divides && batch * rowGroups * panelGroups < ITEMS && panels / panelGroups > LEAST_PANELS) {
            panelGroups++;
        }
        while (!divides && batch * rowGroups * panelGroups < ITEMS && m / rowGroups > LEAST_ROWS) {
            rowGroups++;
        }
        int rows = ceilDiv(ceilDiv(m, rowGroups), step) * step;
        int parts = Math.min(ceilDiv(ITEMS, batch * rowGroups * panelGroups), mostParts);
        int ofPart = ceilDiv(chunks, parts);
        return new Blocking(rows, ceilDiv(panels, panelGroups), depth, chunks, ceilDiv(ofPart, ceilDiv(ofPart, mostHeld)), parts);
    }

    /** Terms of a chunk: as even as they can be, and a divisor of {@code run} if that has one from 64 on. */
    static int depth(int k, int run) {
        for (int d = DEPTH_IN_PLACE; d >= LEAST_IN_PLACE && run > 0; d -= BLOCK) {
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
