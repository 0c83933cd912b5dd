package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.gemm.Product.ROW;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Simd;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * Copies pixels of one head between a value, whatever its layout, and working memory: element (pixel i, channel block b, channel j of it)
 * there lies at {@code at + i·pixelStep + b·blockStep + j}. One of these belongs to each operand of a kernel, which binds the memory of
 * a run to it.
 */
final class HeadView implements Workers.Task {
    private final Layout layout;
    private final Heads heads;
    /** Each block of a head lies together. */
    private final boolean aligned;
    /** Pixels that lie one after the other: a row, or all of an image without a halo. */
    private final int adjoining;
    private float[] array;
    private int start;

    HeadView(Layout layout, Heads heads) {
        this.layout = layout;
        this.heads = heads;
        aligned = heads.d() % BLOCK == 0;
        adjoining = layout.halo() == 0 ? layout.h() * layout.w() : layout.w();
    }

    void bind(Slice value) {
        array = value.array();
        start = value.offset();
    }

    /** Zeroes what {@link #store} leaves alone: the halo, and the channels that fill up the last block. */
    void clearRest(Workers workers) {
        if (layout.halo() > 0 || layout.blocked() && layout.c() % BLOCK != 0) {
            workers.run(layout.n(), this);
        }
    }

    @Override
    public void run(int image, int worker) {
        int from = start + image * layout.image();
        Arrays.fill(array, from, from + layout.image(), 0f);
    }

    /** Copies {@code pixels} pixels from {@code first} on to working memory, times {@code scale}; fills channels up with zeros. */
    void load(int task, int first, int pixels, float scale, float[] to, int at, int pixelStep, int blockStep) {
        for (int b = 0; b < heads.blocks(); b++) {
            loadBlock(task, b, first, pixels, scale, to, at + b * blockStep, pixelStep);
        }
    }

    /** Copies pixels as a tile's left operand by rows ({@link Heads#rowFloats}). */
    void loadRows(int task, int first, int pixels, float scale, float[] to, int at) {
        for (int b = 0; b < heads.blocks(); b++) {
            loadBlock(task, b, first, pixels, scale, to, at + heads.rowBlock(b), ROW);
        }
    }

    /** Copies pixels that were loaded, {@code blockStep} floats from a channel block to the next, as a tile's left operand by rows. */
    static void rows(Heads heads, float[] work, int from, int blockStep, int pixels, int at) {
        for (int b = 0; b < heads.blocks(); b++) {
            copy(work, from + b * blockStep, BLOCK, 1f, work, at + heads.rowBlock(b), ROW, pixels);
        }
    }

    private void loadBlock(int task, int b, int first, int pixels, float scale, float[] to, int target, int pixelStep) {
        if (!layout.blocked() && !aligned) {
            loadPart(array, base(task, b) + first * layout.c(), layout.c(), Math.min(BLOCK, heads.d() - b * BLOCK), scale, to, target, pixelStep, pixels);
            return;
        }
        if (!aligned) {
            loadChannels(task, b, first, pixels, scale, to, target, pixelStep);
            return;
        }
        int base = base(task, b);
        for (int i = 0; i < pixels;) {
            int run = Math.min(pixels - i, adjoining - (first + i) % adjoining);
            copy(array, base + pixel(first + i), layout.pixel(), scale, to, target + i * pixelStep, pixelStep, run);
            i += run;
        }
    }

    /** The reverse of {@link #load}. */
    void store(int task, int first, int pixels, float scale, float[] from, int at, int pixelStep, int blockStep) {
        for (int b = 0; b < heads.blocks(); b++) {
            int source = at + b * blockStep;
            if (!layout.blocked() && !aligned) {
                storePart(from, source, pixelStep, Math.min(BLOCK, heads.d() - b * BLOCK), scale, array, base(task, b) + first * layout.c(), layout.c(), pixels);
                continue;
            }
            if (!aligned) {
                storeChannels(task, b, first, pixels, scale, from, source, pixelStep);
                continue;
            }
            int base = base(task, b);
            for (int i = 0; i < pixels;) {
                int run = Math.min(pixels - i, adjoining - (first + i) % adjoining);
                copy(from, source + i * pixelStep, pixelStep, scale, array, base + pixel(first + i), layout.pixel(), run);
                i += run;
            }
        }
    }

    private static void copy(float[] from, int source, int sourceStep, float scale, float[] to, int target, int targetStep, int pixels) {
        for (int i = 0; i < pixels; i++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector.fromArray(Simd.F, from, source + i * sourceStep + v).mul(scale).intoArray(to, target + i * targetStep + v);
            }
        }
    }

    /** Up to a block's channels of each pixel, filled up with zeros. */
    private static void loadPart(float[] from, int source, int sourceStep, int channels, float scale, float[] to, int target, int targetStep, int pixels) {
        for (int i = 0; i < pixels; i++) {
            int at = source + i * sourceStep;
            int into = target + i * targetStep;
            for (int j = 0; j < channels; j++) {
                to[into + j] = from[at + j] * scale;
            }
            for (int j = channels; j < BLOCK; j++) {
                to[into + j] = 0;
            }
        }
    }

    private static void storePart(float[] from, int source, int sourceStep, int channels, float scale, float[] to, int target, int targetStep, int pixels) {
        for (int i = 0; i < pixels; i++) {
            int at = source + i * sourceStep;
            int into = target + i * targetStep;
            for (int j = 0; j < channels; j++) {
                to[into + j] = from[at + j] * scale;
            }
        }
    }

    private void loadChannels(int task, int block, int first, int pixels, float scale, float[] to, int target, int pixelStep) {
        for (int j = 0; j < BLOCK; j++) {
            if (block * BLOCK + j >= heads.d()) {
                for (int i = 0; i < pixels; i++) {
                    to[target + i * pixelStep + j] = 0;
                }
                continue;
            }
            int base = channel(task, block * BLOCK + j);
            for (int i = 0; i < pixels;) {
                int run = Math.min(pixels - i, adjoining - (first + i) % adjoining);
                copyChannel(array, base + pixel(first + i), layout.pixel(), scale, to, target + i * pixelStep + j, pixelStep, run);
                i += run;
            }
        }
    }

    private void storeChannels(int task, int block, int first, int pixels, float scale, float[] from, int source, int pixelStep) {
        for (int j = 0; j < Math.min(BLOCK, heads.d() - block * BLOCK); j++) {
            int base = channel(task, block * BLOCK + j);
            for (int i = 0; i < pixels;) {
                int run = Math.min(pixels - i, adjoining - (first + i) % adjoining);
                copyChannel(from, source + i * pixelStep + j, pixelStep, scale, array, base + pixel(first + i), layout.pixel(), run);
                i += run;
            }
        }
    }

    private static void copyChannel(float[] from, int source, int sourceStep, float scale, float[] to, int target, int targetStep, int pixels) {
        for (int i = 0; i < pixels; i++) {
            to[target + i * targetStep] = from[source + i * sourceStep] * scale;
        }
    }

    /** Where the head's channel block begins, if the value is dense or blocks are aligned. */
    private int base(int task, int block) {
        if (!layout.blocked()) {
            return start + task / heads.heads() * layout.image() + task % heads.heads() * heads.d() + block * BLOCK;
        }
        return start + layout.origin(task / heads.heads(), task % heads.heads() * heads.blocks() + block);
    }

    /** Floats from the value's first pixel to pixel i. */
    private int pixel(int i) {
        return i / layout.w() * layout.row() + i % layout.w() * layout.pixel();
    }

    /** Where a channel of the head begins. */
    private int channel(int task, int channel) {
        int all = task % heads.heads() * heads.d() + channel;
        return start + layout.origin(task / heads.heads(), all / BLOCK) + all % BLOCK;
    }
}
