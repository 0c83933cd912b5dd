package sirocco.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Places stretches of memory that are needed for known spans of time into one arena that is as small as simple means make it. Blocks are
 * placed one after the other, each at the tightest gap that is free during its whole life (greedy; Pisarchyk &amp; Lee 2020). What matters
 * is the order: first the largest first, and where the widest step comes first; then, as long as it pays, those that ended on top of
 * everything are placed earlier (squeaky wheel optimisation; Joslin &amp; Clements 1999).
 *
 * <p>Blocks that never live at the same time can be asked to begin at the arena's bottom, one and all. A backend's scratch does: it is the
 * same memory in every step, and so it stays in a processor's cache.
 */
final class Packing {
    /** Tries without gain before it gives up. */
    private static final int PATIENCE = 16;

    /** Near enough to what no arena can be smaller than. */
    private static final double GOOD = 1.01;

    /** A stretch of the arena that is taken from step {@code first} to step {@code last}, both included. */
    static final class Block {
        final long bytes;
        final int first;
        int last;
        long offset;

        Block(long bytes, int first, int last) {
            this.bytes = bytes;
            this.first = first;
            this.last = last;
        }

        private boolean meets(Block other) {
            return first <= other.last && other.first <= last;
        }

        private long end() {
            return offset + bytes;
        }
    }

    private final List<Block> bottom;
    private final List<Block> blocks;
    private final long piece;
    private final long enough;
    private final long[] bestOffsets;
    private long best = Long.MAX_VALUE;

    private Packing(List<Block> bottom, List<Block> blocks, long piece, long bound) {
        this.bottom = bottom;
        this.blocks = blocks;
        this.piece = piece;
        enough = (long) (GOOD * bound);
        bestOffsets = new long[blocks.size()];
    }

    /**
     * Sets every block's offset; returns the arena's size.
     *
     * @param bottom those to begin at 0; no two of them live at the same time
     * @param piece no block crosses a multiple of it; at least as large as the largest block
     */
    static long place(List<Block> bottom, List<Block> blocks, long piece) {
        long[] breadth = breadth(Stream.concat(bottom.stream(), blocks.stream()).toList());
        Packing packing = new Packing(bottom, blocks, piece, Arrays.stream(breadth).max().orElse(0));
        Comparator<Block> largest = Comparator.comparingLong((Block b) -> -b.bytes).thenComparingInt(b -> b.first);
        packing.improve(largest);
        packing.improve(Comparator.comparingLong((Block b) -> -widest(b, breadth)).thenComparing(largest));
        for (int i = 0; i < blocks.size(); i++) {
            blocks.get(i).offset = packing.bestOffsets[i];
        }
        return packing.best;
    }

    /** Places in this order, and in others that come from it by moving forward what ended on top. */
    private void improve(Comparator<Block> by) {
        List<Block> order = new ArrayList<>(blocks);
        order.sort(by);
        for (int idle = 0; idle < PATIENCE && best > enough; idle++) {
            long arena = inOrder(order);
            if (arena < best) {
                best = arena;
                for (int i = 0; i < bestOffsets.length; i++) {
                    bestOffsets[i] = blocks.get(i).offset;
                }
                idle = 0;
            }
            List<Block> top = order.stream().filter(b -> b.end() == arena).toList();
            order.removeAll(top);
            order.addAll(0, top);
        }
    }

    /** Places every block; returns the arena's size. */
    private long inOrder(List<Block> order) {
        long arena = bottom.stream().mapToLong(Block::end).max().orElse(0);
        // Those already placed, by offset.
        List<Block> placed = new ArrayList<>(bottom);
        for (Block b : order) {
            long free = 0;
            long chosen = -1;
            long tightest = Long.MAX_VALUE;
            for (Block p : placed) {
                if (p.meets(b)) {
                    long start = MemoryPlanner.within(free, b.bytes, piece);
                    long gap = p.offset - free;
                    if (p.offset - start >= b.bytes && gap < tightest) {
                        chosen = start;
                        tightest = gap;
                    }
                    free = Math.max(free, p.end());
                }
            }
            b.offset = chosen >= 0 ? chosen : MemoryPlanner.within(free, b.bytes, piece);
            arena = Math.max(arena, b.end());
            int at = placed.size();
            while (at > 0 && placed.get(at - 1).offset > b.offset) {
                at--;
            }
            placed.add(at, b);
        }
        return arena;
    }

    /** What is needed at each step: no arena is smaller than the most of it. */
    private static long[] breadth(List<Block> blocks) {
        long[] breadth = new long[blocks.stream().mapToInt(b -> b.last + 1).max().orElse(0)];
        for (Block b : blocks) {
            for (int i = b.first; i <= b.last; i++) {
                breadth[i] += b.bytes;
            }
        }
        return breadth;
    }

    /** The breadth of the widest step that a block lives through. */
    private static long widest(Block b, long[] breadth) {
        long widest = 0;
        for (int i = b.first; i <= b.last; i++) {
            widest = Math.max(widest, breadth[i]);
        }
        return widest;
    }
}
