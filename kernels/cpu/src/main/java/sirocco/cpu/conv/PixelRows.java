package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;
import static sirocco.cpu.gemm.Product.ROW;

import java.util.Arrays;
import sirocco.cpu.gemm.Left;

/**
 * A convolution's input as the left operand of a product: a row for each output pixel of a set of taps, with the channels that each tap
 * reads, [block of channels][tap][16]. No matrix of patches is made: a piece of it is packed when it is needed.
 */
final class PixelRows implements Left {
    private final PaddedInput input;
    private final int h;
    private final int w;
    /** From an output pixel's place in the input to each 16 terms of its row. */
    private final int[] offsets;

    PixelRows(PaddedInput input, Taps set, int[] offsets) {
        this.input = input;
        h = set.h();
        w = set.w();
        this.offsets = offsets;
    }

    @Override
    public boolean columns() {
        return false;
    }

    @Override
    public boolean inPlace() {
        return false;
    }

    @Override
    public float[] array() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int at(int batch, int block, int k) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void pack(int batch, int row, int rows, int k, int terms, int depth, float[] to, int at, int chunkStep) {
        for (int i = 0; i < rows;) {
            int pixel = (row + i) % w;
            int line = (row + i) / w;
            int run = Math.min(w - pixel, rows - i);
            int from = input.origin(line / h, 0) + line % h * input.rowStep() + pixel * BLOCK;
            for (int t = 0; t < terms; t += BLOCK) {
                copy(input.array(), from + offsets[(k + t) / BLOCK], run, to, at + t / depth * chunkStep + i * ROW + t % depth);
            }
            i += run;
        }
        for (int i = rows; i % 8 != 0; i++) {
            for (int start = 0; start < terms; start += depth) {
                int target = at + start / depth * chunkStep + i * ROW;
                Arrays.fill(to, target, target + depth, 0f);
            }
        }
    }

    private static void copy(float[] from, int source, int pixels, float[] to, int target) {
        for (int i = 0; i < pixels; i++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                load(from, source + i * BLOCK + v).intoArray(to, target + i * ROW + v);
            }
        }
    }
}
