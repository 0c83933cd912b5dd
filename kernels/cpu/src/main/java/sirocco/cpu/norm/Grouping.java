package sirocco.cpu.norm;

import static sirocco.cpu.Layout.BLOCK;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import sirocco.cpu.Layout;
import sirocco.cpu.pointwise.Shapes;

/**
 * How groups of channels fall on blocks of channels. A unit is the smallest run of blocks that holds whole groups: the part of an image that
 * can be normalised by itself, and so stays in a core's cache from one pass to the next.
 */
final class Grouping {
    /** Floats that make an item worth its while. */
    private static final int ITEM = 16384;

    final int images;
    final int channels;
    final int blocks;
    final int groups;
    /** Channels of a group. */
    final int perGroup;
    /** Units of an image. */
    final int units;
    /** Pixels of a plane. */
    final int pixels;
    /** Whether there are too few units for the threads, so that the passes are to be cut into planes instead. */
    final boolean split;
    /** Units, or planes if split, of a loop item. */
    final int perItem;
    /** Planes whose intermediate results are held at a time: of one unit, or of all images if split, which are few then. */
    final int heldPlanes;
    private final int blocksPerUnit;

    Grouping(Layout x, int groups, int threads) {
        Shapes.check(groups > 0 && x.c() % groups == 0, "groups must divide the channels, got " + groups + " groups of x", x);
        images = x.n();
        channels = x.c();
        blocks = x.blocks();
        this.groups = groups;
        perGroup = channels / groups;
        pixels = x.h() * x.w();
        int common = Math.min(BLOCK, Integer.lowestOneBit(perGroup));
        blocksPerUnit = perGroup / common;
        units = (blocks + blocksPerUnit - 1) / blocksPerUnit;
        split = blocksPerUnit > 1 && (long) images * units < 2L * threads;
        heldPlanes = split ? images * blocks : Math.min(blocks, blocksPerUnit);
        perItem = Math.max(1, ITEM / (x.plane() * (split ? 1 : Math.min(blocks, blocksPerUnit))));
    }

    /** Units, or planes if split, of all images. */
    int parts() {
        return images * (split ? blocks : units);
    }

    /** Items of a pass. */
    int items() {
        return (parts() + perItem - 1) / perItem;
    }

    /** Memory for {@link #heldPlanes}: each worker its own, or one for all if split. */
    <A> A[] perWorker(int threads, IntFunction<A[]> array, Supplier<A> memory) {
        A[] all = array.apply(threads);
        A shared = split ? memory.get() : null;
        Arrays.setAll(all, worker -> split ? shared : memory.get());
        return all;
    }

    /** Which of {@link #heldPlanes} is a block's. */
    int held(int image, int block) {
        if (split) {
            return image * blocks + block;
        }
        // Asked for each channel, and a remainder takes as long as all the rest of it.
        return blocksPerUnit == 1 ? 0 : block % blocksPerUnit;
    }

    int firstBlock(int unit) {
        return unit * blocksPerUnit;
    }

    int endBlock(int unit) {
        return Math.min(blocks, (unit + 1) * blocksPerUnit);
    }

    int firstGroup(int unit) {
        return firstBlock(unit) * BLOCK / perGroup;
    }

    int endGroup(int unit) {
        return Math.min(channels, endBlock(unit) * BLOCK) / perGroup;
    }
}
