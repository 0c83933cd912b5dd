package sirocco.tornado.kernel;

import static sirocco.tornado.kernel.Fragments.A_BYTES;
import static sirocco.tornado.kernel.Fragments.B_BYTES;
import static sirocco.tornado.kernel.Fragments.B_WORDS;
import static sirocco.tornado.kernel.Fragments.HEADER;
import static sirocco.tornado.kernel.Fragments.PITCH;
import static sirocco.tornado.kernel.Fragments.STEPS;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The matrix products of {@link ImplicitGemm} on tensor cores: operands are rounded to bf16, to nearest and even, on their way into local memory;
 * products and sums are float32's. TornadoVM has this in its CUDA backend only.
 *
 * <p>Tiles lie in local memory as {@link Fragments} says. Lanes are dealt out so that 8 of them read neighbours, and that they write to at least 16
 * different banks.
 *
 * <p>Results go through local memory, since all that can be done with a fragment is to store it.
 */
final class TensorGemm {
    /** Work items of a group: four warps, as 2 × 2, each with 32 × 32 of the result in 8 fragments. */
    static final int GROUP = 128;
    /** Rows, and columns, of a tile. */
    static final int WIDTH = 64;
    /** Of a slice: twice mma's. */
    static final int DEPTH = 32;

    /** Words of a tile of A, and of B, with the depth of one mma. */
    private static final int WORDS = WIDTH * STEPS / 2;

    /** Sections of the tables, as in {@link ImplicitGemm}. */
    private static final int ROW_H = WIDTH;
    private static final int ROW_W = 2 * WIDTH;
    private static final int ROW_RESULT = 3 * WIDTH;
    private static final int STEP_H = DEPTH;
    private static final int STEP_W = 2 * DEPTH;
    private static final int STEP_B = 3 * DEPTH;

    private TensorGemm() { }

    /**
     * A work group's tile. Group (x, y, z) as in {@link ImplicitGemm#product}, whose parameters these are.
     *
     * <p>Work per item: 32 elements copied and rounded for a slice of the depth; a warp's 16 mma of 2048 multiply-adds for it. Local memory: 29 KiB;
     * 512 bytes read for two mma. Traffic: an operand's element is read once for each tile it is in, which is 64 multiply-adds; results are
     * written once.
     *
     * <p>Sizes of arrays of local memory are multiples of 16 bytes: rows of fragments have to lie at such.
     */
    static void product(KernelContext c, FloatArray m, IntArray at, int pass, int n, int h, int w, int channels, int k, int r, int s, int oh, int ow,
            int stride, int top, int left, int slices) {
        int[] a = c.allocateIntLocalArray(2 * WORDS);
        int[] b = c.allocateIntLocalArray(2 * WORDS);
        int[] rowTable = c.allocateIntLocalArray(4 * WIDTH);
        int[] columnTable = c.allocateIntLocalArray(WIDTH);
        int[] steps = c.allocateIntLocalArray(4 * DEPTH);
        float[] biasSums = c.allocateFloatLocalArray(2 * GROUP);
        float[] results = c.allocateFloatLocalArray(Fragments.RESULTS);
        FloatArray target = (FloatArray) (Object) results; // see Fragments

        int imageH = pass == ImplicitGemm.DATA ? oh : h;
        int imageW = pass == ImplicitGemm.DATA ? ow : w;
        int imageC = pass == ImplicitGemm.DATA ? k : channels;
        int r0 = pass == ImplicitGemm.DATA && stride > 1 ? c.groupIdy / stride : 0;
        int s0 = pass == ImplicitGemm.DATA && stride > 1 ? c.groupIdy % stride : 0;
        int h0 = Gather.firstPixel(r0, top, stride);
        int w0 = Gather.firstPixel(s0, left, stride);
        int tapRows = pass == ImplicitGemm.DATA ? Gather.count(r, r0, stride) : r;
        int tapColumns = pass == ImplicitGemm.DATA ? Gather.count(s, s0, stride) : s;
        int pixelRows = pass == ImplicitGemm.DATA ? Gather.count(h, h0, stride) : oh;
        int pixelColumns = pass == ImplicitGemm.DATA ? Gather.count(w, w0, stride) : ow;
        int taps = tapRows * tapColumns * imageC;
        int pixels = n * pixelRows * pixelColumns;
        int rows = pass == ImplicitGemm.WEIGHTS ? taps : pixels;
        int columns = pass == ImplicitGemm.DATA ? channels : k;
        int begin = c.groupIdz * slices * DEPTH;
        int end = Math.min(pass == ImplicitGemm.WEIGHTS ? pixels : taps, begin + slices * DEPTH);

        int item = c.localIdx;
        int across = (columns + WIDTH - 1) / WIDTH;
        int row0 = c.groupIdx / across * WIDTH;
        int column0 = c.groupIdx % across * WIDTH;
        int tapsAcross = Math.max(tapColumns, 1); // divided by, even in a phase without any
        int pixelsAcross = Math.max(pixelColumns, 1);
        int pixelsOfImage = Math.max(pixelRows * pixelColumns, 1);

        if (item < WIDTH) {
            int row = row0 + item;
            int column = column0 + item;
            int i = row % pixelsOfImage / pixelsAcross;
            int j = row % pixelsAcross;
            int y = Gather.rowH(pass, row, i, channels, s, stride, top, h0, r0);
            int x = Gather.rowW(pass, row, j, channels, s, stride, left, w0, s0);
            rowTable[item] = Gather.rowOffset(pass, row, row / pixelsOfImage, y, x, imageH, imageW, imageC);
            rowTable[ROW_H + item] = row < rows ? y : Gather.OUTSIDE;
            rowTable[ROW_W + item] = x;
            rowTable[ROW_RESULT + item] = row < rows ? Gather.result(pass, row, row / pixelsOfImage, i, j, h, w, channels, k, stride, h0, w0) : -1;
            columnTable[item] = column < columns ? pass == ImplicitGemm.FORWARD ? column * taps : column : -1;
        }
        float[] c00 = c.mmaFragment(0.0f);
        float[] c01 = c.mmaFragment(0.0f);
        float[] c02 = c.mmaFragment(0.0f);
        float[] c03 = c.mmaFragment(0.0f);
        float[] c10 = c.mmaFragment(0.0f);
        float[] c11 = c.mmaFragment(0.0f);
        float[] c12 = c.mmaFragment(0.0f);
        float[] c13 = c.mmaFragment(0.0f);
        int warpRow = item / 64 * 32;
        int warpColumn = item / 32 % 2 * 32;
        float biasLow = 0;
        float biasHigh = 0;

        for (int slice = begin; slice < end; slice += DEPTH) {
            if (item < DEPTH) {
                int d = slice + item;
                int i = d % pixelsOfImage / pixelsAcross;
                int j = d % pixelsAcross;
                int p = d / imageC / tapsAcross;
                int q = d / imageC % tapsAcross;
                int y = Gather.stepH(pass, i, p, stride, top);
                int x = Gather.stepW(pass, j, q, stride, left);
                steps[item] = Gather.stepOffset(pass, d, d / pixelsOfImage, y, x, imageH, imageW, imageC);
                steps[STEP_H + item] = d < end ? y : Gather.OUTSIDE;
                steps[STEP_W + item] = x;
                steps[STEP_B + item] = d < end ? Gather.stepMatrix(pass, d, d % imageC, p, q, channels, k, r, s, stride, r0, s0) : -1;
            }
            c.localBarrier(); // the tables are written, and everyone has multiplied the slice before

            for (int unit = item; unit < WIDTH * DEPTH / 2; unit += GROUP) {
                int words = pass == ImplicitGemm.WEIGHTS ? (unit >> 3 & 3) + (unit >> 8) * 4 : unit & 15;
                int row = pass == ImplicitGemm.WEIGHTS ? (unit & 7) + (unit >> 5 & 7) * 8 : unit >> 4;
                int d = 2 * words;
                int rowH = rowTable[ROW_H + row];
                int rowW = rowTable[ROW_W + row];
                int offset = at.get(0) + rowTable[row];
                boolean inside = Gather.inside(rowH + steps[STEP_H + d], rowW + steps[STEP_W + d], imageH, imageW);
                float low = Gather.element(m, inside, offset + steps[d]);
                inside = Gather.inside(rowH + steps[STEP_H + d + 1], rowW + steps[STEP_W + d + 1], imageH, imageW);
                float high = Gather.element(m, inside, offset + steps[d + 1]);
                a[(words >> 3) * WORDS + row * 8 + (words & 7)] = Fragments.pair(low, high);
            }
            for (int unit = item; unit < WIDTH * DEPTH / 2; unit += GROUP) {
                int words = pass == ImplicitGemm.FORWARD ? (unit >> 3 & 3) + (unit >> 7) * 4 : (unit & 7) + (unit >> 5 & 3) * 8;
                int d = pass == ImplicitGemm.FORWARD ? (unit & 7) + (unit >> 5 & 3) * 8 : (unit >> 3 & 3) + (unit >> 7) * 4;
                int column = 2 * words;
                int step = steps[STEP_B + d];
                int offset = columnTable[column];
                float low = Gather.element(m, (offset | step) >= 0, at.get(1) + offset + step);
                offset = columnTable[column + 1];
                float high = Gather.element(m, (offset | step) >= 0, at.get(1) + offset + step);
                b[(d >> 4) * WORDS + (words >> 2) * B_WORDS + (d & 15) * 4 + (words & 3)] = Fragments.pair(low, high);
                biasLow += low; // of one column: d is what changes
                biasHigh += high;
            }
            c.localBarrier(); // the slice is there

            for (int half = 0; half < DEPTH / STEPS; half++) {
                int rowBytes = 4 * WORDS * half + warpRow * 2 * STEPS;
                int columnBytes = 4 * WORDS * half + warpColumn / 8 * B_BYTES;
                HalfFloat[] a0 = c.mmaLoadA(a, STEPS, rowBytes);
                HalfFloat[] a1 = c.mmaLoadA(a, STEPS, rowBytes + A_BYTES);
                HalfFloat[] b0 = c.mmaLoadB(b, STEPS, columnBytes);
                HalfFloat[] b1 = c.mmaLoadB(b, STEPS, columnBytes + B_BYTES);
                HalfFloat[] b2 = c.mmaLoadB(b, STEPS, columnBytes + 2 * B_BYTES);
                HalfFloat[] b3 = c.mmaLoadB(b, STEPS, columnBytes + 3 * B_BYTES);
                c00 = c.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
                c01 = c.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
                c02 = c.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
                c03 = c.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
                c10 = c.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
                c11 = c.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
                c12 = c.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
                c13 = c.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
            }
        }

        c.mmaStore(c00, target, warpRow, warpColumn, PITCH);
        c.mmaStore(c01, target, warpRow, warpColumn + 8, PITCH);
        c.mmaStore(c02, target, warpRow, warpColumn + 16, PITCH);
        c.mmaStore(c03, target, warpRow, warpColumn + 24, PITCH);
        c.mmaStore(c10, target, warpRow + 16, warpColumn, PITCH);
        c.mmaStore(c11, target, warpRow + 16, warpColumn + 8, PITCH);
        c.mmaStore(c12, target, warpRow + 16, warpColumn + 16, PITCH);
        c.mmaStore(c13, target, warpRow + 16, warpColumn + 24, PITCH);
        biasSums[item] = biasLow;
        biasSums[GROUP + item] = biasHigh;
        c.localBarrier(); // the tile is there; so is the table of rows, even if there was no slice

        int bias = pass == ImplicitGemm.FORWARD ? at.get(3) : -1;
        int perChannel = pass == ImplicitGemm.FORWARD ? at.get(4) : -1;
        int residual = pass == ImplicitGemm.FORWARD ? at.get(5) : -1;
        int base = at.get(2) + c.groupIdz * (pass == ImplicitGemm.WEIGHTS ? (taps + 1) * k : pass == ImplicitGemm.FORWARD ? n * oh * ow * k : n * h * w * channels);
        for (int i = item; i < WIDTH * WIDTH; i += GROUP) { // 8 items side by side write to neighbours
            int row = pass == ImplicitGemm.WEIGHTS ? (i & 7) + (i >> 5 & 7) * 8 : i >> 6;
            int column = pass == ImplicitGemm.WEIGHTS ? (i >> 3 & 3) + (i >> 8) * 4 : i & 63;
            int result = rowTable[ROW_RESULT + row];
            int to = column0 + column;
            if ((result | columns - 1 - to) >= 0) { // both are inside
                int image = (row0 + row) / pixelsOfImage;
                float value = results[HEADER + row * PITCH + column];
                if (pass == ImplicitGemm.FORWARD) {
                    value += Gather.added(m, bias, to) + Gather.added(m, perChannel, image * k + to) + Gather.added(m, residual, result + to);
                }
                m.set(base + (pass == ImplicitGemm.WEIGHTS ? to * taps + result : result + to), value);
            }
        }
        if (pass == ImplicitGemm.WEIGHTS && row0 == 0 && item < WIDTH && column0 + item < k) {
            int words = item / 2;
            int first = item % 2 * GROUP + (words & 7) + (words >> 3) * 32;
            m.set(base + taps * k + column0 + item, biasSums[first] + biasSums[first + 8] + (biasSums[first + 16] + biasSums[first + 24]));
        }
    }
}
