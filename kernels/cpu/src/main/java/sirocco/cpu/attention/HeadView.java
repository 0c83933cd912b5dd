package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;

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
    /** Each block of a head is a block of the value. */
    private final boolean aligned;
    /** Pixels that lie one after the other: a row, or all of an image without a halo. */
    private final int adjoining;
    private float[] array;
    private int start;

    HeadView(Layout layout, Heads heads) {
        this.layout = layout;
        this.heads = heads;
        aligned = layout.blocked() && heads.d() % BLOCK == 0;
        adjoining = layout.halo() == 0 ? heads.pixels() : layout.w();
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
            int target = at + b * blockStep;
            if (!aligned) {
                loadChannels(task, b, first, pixels, scale, to, target, pixelStep);
                continue;
            }
            int base = base(task, b);
            for (int i = 0; i < pixels;) {
                int run = Math.min(pixels - i, adjoining - (first + i) % adjoining);
                copy(array, base + pixel(first + i), BLOCK, scale, to, target + i * pixelStep, pixelStep, run);
                i += run;
            }
        }
    }

    /** The reverse of {@link #load}. */
    void store(int task, int first, int pixels, float scale, float[] from, int at, int pixelStep, int blockStep) {
        for (int b = 0; b < heads.blocks(); b++) {
            int source = at + b * blockStep;
            if (!aligned) {
                storeChannels(task, b, first, pixels, scale, from, source, pixelStep);
                continue;
            }
            int base = base(task, b);
            for (int i = 0; i < pixels;) {
                int run = Math.min(pixels - i, adjoining - (first + i) % adjoining);
                copy(from, source + i * pixelStep, pixelStep, scale, array, base + pixel(first + i), BLOCK, run);
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

    private void loadChannels(int task, int block, int first, int pixels, float scale, float[] to, int target, int pixelStep) {
        int channels = Math.min(BLOCK, heads.d() - block * BLOCK);
        for (int i = 0; i < pixels; i++) {
            for (int j = 0; j < BLOCK; j++) {
                to[target + i * pixelStep + j] = j < channels ? array[element(task, block * BLOCK + j, first + i)] * scale : 0;
            }
        }
    }

    private void storeChannels(int task, int block, int first, int pixels, float scale, float[] from, int source, int pixelStep) {
        int channels = Math.min(BLOCK, heads.d() - block * BLOCK);
        for (int i = 0; i < pixels; i++) {
            for (int j = 0; j < channels; j++) {
                array[element(task, block * BLOCK + j, first + i)] = from[source + i * pixelStep + j] * scale;
            }
        }
    }

    /** Where the head's channel block begins, if blocks are aligned. */
    private int base(int task, int block) {
        return start + layout.origin(task / heads.heads(), task % heads.heads() * heads.blocks() + block);
    }

    /** Floats from the value's first pixel to pixel i. */
    private int pixel(int i) {
        return i / layout.w() * layout.row() + i % layout.w() * layout.pixel();
    }

    private int element(int task, int channel, int i) {
        return start + layout.index(task / heads.heads(), i / layout.w(), i % layout.w(), task % heads.heads() * heads.d() + channel);
    }
}
