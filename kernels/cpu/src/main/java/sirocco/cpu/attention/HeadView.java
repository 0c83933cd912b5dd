package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;

import java.util.Arrays;
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
    private float[] array;
    private int start;

    HeadView(Layout layout, Heads heads) {
        this.layout = layout;
        this.heads = heads;
        aligned = layout.blocked() && heads.d() % BLOCK == 0;
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
            int base = base(task, b);
            int channels = Math.min(BLOCK, heads.d() - b * BLOCK);
            for (int i = 0; i < pixels; i++) {
                int target = at + i * pixelStep + b * blockStep;
                if (aligned) {
                    copy(array, base + pixel(first + i), scale, to, target);
                } else {
                    loadChannels(task, b, first + i, channels, scale, to, target);
                }
            }
        }
    }

    private void loadChannels(int task, int block, int i, int channels, float scale, float[] to, int target) {
        for (int j = 0; j < channels; j++) {
            to[target + j] = array[element(task, block * BLOCK + j, i)] * scale;
        }
        for (int j = channels; j < BLOCK; j++) {
            to[target + j] = 0;
        }
    }

    /** The reverse of {@link #load}. */
    void store(int task, int first, int pixels, float scale, float[] from, int at, int pixelStep, int blockStep) {
        for (int b = 0; b < heads.blocks(); b++) {
            int base = base(task, b);
            int channels = Math.min(BLOCK, heads.d() - b * BLOCK);
            for (int i = 0; i < pixels; i++) {
                int source = at + i * pixelStep + b * blockStep;
                if (aligned) {
                    copy(from, source, scale, array, base + pixel(first + i));
                } else {
                    for (int j = 0; j < channels; j++) {
                        array[element(task, b * BLOCK + j, first + i)] = from[source + j] * scale;
                    }
                }
            }
        }
    }

    private static void copy(float[] from, int source, float scale, float[] to, int target) {
        for (int v = 0; v < BLOCK; v += LANES) {
            Simd.load(from, source + v).mul(scale).intoArray(to, target + v);
        }
    }

    /** Where the head's channel block begins; meaningful where blocks are aligned. */
    private int base(int task, int block) {
        return aligned ? start + layout.origin(task / heads.heads(), task % heads.heads() * heads.blocks() + block) : 0;
    }

    /** Floats from the value's first pixel to pixel i. */
    private int pixel(int i) {
        return i / layout.w() * layout.row() + i % layout.w() * layout.pixel();
    }

    private int element(int task, int channel, int i) {
        return start + layout.index(task / heads.heads(), i / layout.w(), i % layout.w(), task % heads.heads() * heads.d() + channel);
    }
}
