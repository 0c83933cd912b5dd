package sirocco.cpu.pointwise;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;

/** Copies a run of an image's pixels between a layout and dense NHWC order. Pixel p of an image is (p / w, p mod w). */
public final class Pixels {
    private Pixels() { }

    /**
     * Reads pixels {@code first} … {@code first + count − 1} of an image.
     *
     * @param at where the value starts in {@code a}
     * @param out receives count · c floats from {@code to} on
     */
    public static void load(float[] a, int at, Layout layout, int image, int first, int count, float[] out, int to) {
        if (!layout.blocked()) {
            System.arraycopy(a, at + image * layout.image() + first * layout.c(), out, to, count * layout.c());
            return;
        }
        for (int p = first, run; p < first + count; p += run) {
            int x = p % layout.w();
            run = Math.min(layout.w() - x, first + count - p);
            for (int block = 0; block < layout.blocks(); block++) {
                int from = at + layout.origin(image, block) + p / layout.w() * layout.row() + x * BLOCK;
                int dense = to + (p - first) * layout.c() + block * BLOCK;
                int channels = Math.min(BLOCK, layout.c() - block * BLOCK);
                if (channels == BLOCK) {
                    copyBlocks(a, from, BLOCK, out, dense, layout.c(), run);
                } else {
                    for (int i = 0; i < run; i++) {
                        System.arraycopy(a, from + i * BLOCK, out, dense + i * layout.c(), channels);
                    }
                }
            }
        }
    }

    /** Writes pixels, the reverse of {@link #load}; fill-up channels become zero, the halo is the caller's. */
    public static void store(float[] in, int from, float[] a, int at, Layout layout, int image, int first, int count) {
        if (!layout.blocked()) {
            System.arraycopy(in, from, a, at + image * layout.image() + first * layout.c(), count * layout.c());
            return;
        }
        for (int p = first, run; p < first + count; p += run) {
            int x = p % layout.w();
            run = Math.min(layout.w() - x, first + count - p);
            for (int block = 0; block < layout.blocks(); block++) {
                int to = at + layout.origin(image, block) + p / layout.w() * layout.row() + x * BLOCK;
                int dense = from + (p - first) * layout.c() + block * BLOCK;
                int channels = Math.min(BLOCK, layout.c() - block * BLOCK);
                if (channels == BLOCK) {
                    copyBlocks(in, dense, layout.c(), a, to, BLOCK, run);
                } else {
                    fillUp(in, dense, layout.c(), a, to, channels, run);
                }
            }
        }
    }

    private static void copyBlocks(float[] from, int i, int stepFrom, float[] to, int j, int stepTo, int pixels) {
        for (int p = 0; p < pixels; p++) {
            for (int lane = 0; lane < BLOCK; lane += LANES) {
                FloatVector.fromArray(F, from, i + p * stepFrom + lane).intoArray(to, j + p * stepTo + lane);
            }
        }
    }

    private static void fillUp(float[] from, int i, int stepFrom, float[] to, int j, int channels, int pixels) {
        for (int p = 0; p < pixels; p++) {
            for (int c = 0; c < BLOCK; c++) {
                to[j + p * BLOCK + c] = c < channels ? from[i + p * stepFrom + c] : 0f;
            }
        }
    }
}
