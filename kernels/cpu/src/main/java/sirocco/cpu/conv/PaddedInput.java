package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;

import java.util.Arrays;
import sirocco.cpu.Workers;

/**
 * A convolution's input as the products want it: blocked, 16 floats from a pixel to the next one that the kernel's step leads to, and
 * with its padding in memory. Where the value itself is like that, it is read in place; otherwise it is first copied to scratch memory,
 * with the columns sorted by their remainder modulo the stride.
 */
final class PaddedInput implements Workers.Task {
    private final View in;
    private final int padTop;
    private final int padLeft;
    private final int rows;
    private final int cols;
    private final int stride;
    /** Columns of each remainder. */
    private final int sorted;
    private final int start;
    private final int image;
    private final int plane;
    private final int row;
    private final boolean inPlace;

    private float[] source;
    private int sourceOffset;
    private float[] target;
    private int targetOffset;

    /**
     * @param halo zeros that lie around each plane of {@code in}
     * @param padTop rows of zeros above; negative to leave rows out
     * @param padLeft columns of zeros on the left; negative to leave columns out
     * @param rows rows of the padded image
     * @param cols columns of the padded image
     */
    PaddedInput(View in, int halo, int padTop, int padLeft, int rows, int cols, int stride) {
        this.in = in;
        this.padTop = padTop;
        this.padLeft = padLeft;
        this.rows = rows;
        this.cols = cols;
        this.stride = stride;
        inPlace = in.blocked() && in.pixel() == BLOCK && stride == 1 && padTop <= halo && padLeft <= halo
                && rows - padTop <= in.h() + halo && cols - padLeft <= in.w() + halo;
        sorted = (cols + stride - 1) / stride;
        row = inPlace ? in.row() : stride * sorted * BLOCK;
        plane = inPlace ? in.plane() : rows * row;
        image = inPlace ? in.image() : in.blocks() * plane;
        start = inPlace ? in.start() - padTop * in.row() - padLeft * BLOCK : 0;
    }

    long scratchFloats() {
        return inPlace ? 0 : (long) in.n() * image;
    }

    /** Makes the padded input readable at {@link #array} and {@link #origin}. */
    void bind(float[] x, int offset, float[] scratch, int scratchOffset, Workers workers) {
        if (inPlace) {
            target = x;
            targetOffset = offset;
        } else {
            source = x;
            sourceOffset = offset;
            target = scratch;
            targetOffset = scratchOffset;
            workers.run(in.n() * in.blocks(), this);
        }
    }

    float[] array() {
        return target;
    }

    /** Where padded pixel (0,0) of a block lies. */
    int origin(int imageIndex, int block) {
        return targetOffset + start + imageIndex * image + block * plane;
    }

    /** Floats from a channel block to the next. */
    int plane() {
        return plane;
    }

    /** Floats from an output row's input to the next one's. */
    int rowStep() {
        return stride * row;
    }

    /** Floats from what output pixel (0,0) starts at to the padded pixel (r,s). */
    int tap(int r, int s) {
        return r * row + (s % stride * sorted + s / stride) * BLOCK;
    }

    /** Copies one plane. */
    @Override
    public void run(int item, int worker) {
        int n = item / in.blocks();
        int block = item % in.blocks();
        for (int r = 0; r < rows; r++) {
            int to = targetOffset + n * image + block * plane + r * row;
            int y = r - padTop;
            if (y < 0 || y >= in.h()) {
                Arrays.fill(target, to, to + row, 0f);
            } else {
                copyRow(sourceOffset + in.at(n, block, y, 0), to);
            }
        }
    }

    private void copyRow(int from, int to) {
        for (int remainder = 0; remainder < stride; remainder++) {
            for (int j = 0; j < sorted; j++) {
                int x = j * stride + remainder - padLeft;
                int t = to + (remainder * sorted + j) * BLOCK;
                if (x < 0 || x >= in.w()) {
                    Arrays.fill(target, t, t + BLOCK, 0f);
                } else if (in.blocked()) {
                    copyPixel(source, from + x * in.pixel(), target, t);
                } else {
                    for (int c = 0; c < BLOCK; c++) {
                        target[t + c] = c < in.c() ? source[from + x * in.pixel() + c] : 0f;
                    }
                }
            }
        }
    }

    private static void copyPixel(float[] a, int from, float[] b, int to) {
        for (int v = 0; v < BLOCK; v += LANES) {
            load(a, from + v).intoArray(b, to + v);
        }
    }
}
