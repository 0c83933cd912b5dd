package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The three passes of a convolution as one matrix product, result [rows, columns] = A [rows, depth] · B [depth, columns], whose operands are
 * gathered where they lie. A is an image seen through a window, an element for each pixel and tap; B is a matrix:
 *
 * <pre>
 *                 rows     depth    columns  A     B                       side by side in memory: A, B
 *     FORWARD     pixels   taps     k        x     w [k][r·s·c]            depth, depth
 *     DATA        pixels   taps     c        dy    w [k][r·s][c]           depth, columns
 *     WEIGHTS     taps     pixels   k        x     dy [n·oh·ow][k]         rows, columns
 * </pre>
 *
 * <p>An element's offset is the sum of one that its row (column) has and one that its step of the depth has. They are tables in local memory, so
 * that the divisions that lead to them are done once for a tile, and once for a slice of the depth. Pixels and taps have a position, too: where
 * the sum is outside of the image, there is padding, 0.
 *
 * <p><b>DATA by phases.</b> Pixels of the input whose row and column have the same remainder by the stride meet the same taps, every stride-th of
 * the window's. Each phase is a product by itself, with those taps for its depth.
 *
 * <p>All of it is one method, since TornadoVM indexes local memory wrongly, in bytes, where it is handed to another.
 */
final class ImplicitGemm {
    static final int FORWARD = 0;
    static final int DATA = 1;
    static final int WEIGHTS = 2;

    /** Work items of a group, as 8 × 8. */
    static final int GROUP = 64;
    /** Of a slice. */
    static final int DEPTH = 16;
    /** Sums of a work item in a row: in a large tile, and in one for results that would leave most of that empty. */
    static final int LARGE = 8;
    static final int SMALL = 4;

    /** Rows, or columns, of the largest tile. */
    private static final int WIDTH = 8 * LARGE;
    /** From one step of the depth to the next in local memory: padded, so that 32 items that copy 16 steps of two rows meet 32 banks. */
    private static final int PITCH = WIDTH + 2;

    /** Sections of the table of rows: offset in A, position in the image, offset in the result, −1 beyond the matrix. */
    private static final int ROW_H = WIDTH;
    private static final int ROW_W = 2 * WIDTH;
    private static final int ROW_RESULT = 3 * WIDTH;
    /** Sections of the table of a slice's steps: offset in A, position in the image, offset in B, −1 beyond the matrix. */
    private static final int STEP_H = DEPTH;
    private static final int STEP_W = 2 * DEPTH;
    private static final int STEP_B = 3 * DEPTH;

    private ImplicitGemm() { }

    /** Rows, or columns, of a tile. */
    static int width(int side) {
        return 8 * side;
    }

    /** The i-th row, or column, of a work item: 8 items side by side read neighbours in local memory, and write neighbours, a sector of 32 bytes. */
    private static int place(int lane, int i) {
        return lane + 8 * i;
    }

    /**
     * A work group's tile, 8·side wide, and side² sums of each item in registers. Group (x, y, z): tile x, along the columns first, of phase y of DATA,
     * and of part z of the depth. Where there are several parts the result is scratch that has one for each, and another launch adds them.
     *
     * <p>Work per item: 4·side elements copied and 16·side² multiply-adds for a slice of the depth. Local memory: 10 KiB; 2·side reads for side²
     * multiply-adds. Traffic: an operand's element is read once for each tile it is in, which is 8·side multiply-adds; results are written once.
     *
     * @param at image, matrix, result; FORWARD: bias, perChannel, residual; WEIGHTS: dBias, whose sums follow the weights'; −1 for what there is not
     * @param n input [n,h,w,channels], weights [k,r,s,channels], output [n,oh,ow,k]
     * @param slices of the depth that a part has
     */
    static void product(KernelContext c, FloatArray m, IntArray at, int pass, int n, int h, int w, int channels, int k, int r, int s, int oh, int ow,
            int stride, int top, int left, int slices, int side) {
        float[] a = c.allocateFloatLocalArray(DEPTH * PITCH);
        float[] b = c.allocateFloatLocalArray(DEPTH * PITCH);
        int[] rowTable = c.allocateIntLocalArray(4 * WIDTH);
        int[] columnTable = c.allocateIntLocalArray(WIDTH);
        int[] steps = c.allocateIntLocalArray(4 * DEPTH);
        float[] sums = new float[LARGE * LARGE];

        int image = at.get(0);
        int matrix = at.get(1);
        int target = at.get(2);

        // The image that is read.
        int imageH = pass == DATA ? oh : h;
        int imageW = pass == DATA ? ow : w;
        int imageC = pass == DATA ? k : channels;
        // The phase: taps r0 + stride·p, s0 + stride·q; pixels h0 + stride·i, w0 + stride·j. Constants where there is one.
        int r0 = pass == DATA && stride > 1 ? c.groupIdy / stride : 0;
        int s0 = pass == DATA && stride > 1 ? c.groupIdy % stride : 0;
        int h0 = Gather.firstPixel(r0, top, stride);
        int w0 = Gather.firstPixel(s0, left, stride);
        int tapRows = pass == DATA ? Gather.count(r, r0, stride) : r;
        int tapColumns = pass == DATA ? Gather.count(s, s0, stride) : s;
        int pixelRows = pass == DATA ? Gather.count(h, h0, stride) : oh;
        int pixelColumns = pass == DATA ? Gather.count(w, w0, stride) : ow;

        // The product: its sizes, and this part of its depth.
        int taps = tapRows * tapColumns * imageC;
        int pixels = n * pixelRows * pixelColumns;
        int rows = pass == WEIGHTS ? taps : pixels;
        int columns = pass == DATA ? channels : k;
        int begin = c.groupIdz * slices * DEPTH;
        int end = Math.min(pass == WEIGHTS ? pixels : taps, begin + slices * DEPTH);

        // The tile, and the item's place in it.
        int item = c.localIdx;
        int rowLane = pass == WEIGHTS ? item & 7 : item >> 3; // 8 items side by side write to neighbours in the result
        int columnLane = pass == WEIGHTS ? item >> 3 : item & 7;
        int across = (columns + 8 * side - 1) / (8 * side);
        int row0 = c.groupIdx / across * (8 * side);
        int column0 = c.groupIdx % across * (8 * side);
        int tapsAcross = Math.max(tapColumns, 1); // divided by, even in a phase without any
        int pixelsAcross = Math.max(pixelColumns, 1);
        int pixelsOfImage = Math.max(pixelRows * pixelColumns, 1);

        // Tables of its rows and columns.
        if (item < 8 * side) {
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
            columnTable[item] = column < columns ? pass == FORWARD ? column * taps : column : -1;
        }
        for (int i = 0; i < side * side; i++) {
            sums[i] = 0;
        }
        float biasSum = 0;

        for (int slice = begin; slice < end; slice += DEPTH) {
            // A table of the slice's steps.
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

            // The slice of A, and of B.
            for (int four = item; four < DEPTH * 8 * side; four += 4 * GROUP) { // not from 0, or all would be unrolled
                for (int i = 0; i < 4; i++) {
                    int d = pass == WEIGHTS ? (four + GROUP * i) / (8 * side) : item & 15;
                    int row = pass == WEIGHTS ? item & 8 * side - 1 : (four + GROUP * i) / DEPTH;
                    int y = rowTable[ROW_H + row] + steps[STEP_H + d];
                    int x = rowTable[ROW_W + row] + steps[STEP_W + d];
                    a[d * PITCH + row] = Gather.element(m, Gather.inside(y, x, imageH, imageW), image + rowTable[row] + steps[d]);
                }
            }
            for (int four = item; four < DEPTH * 8 * side; four += 4 * GROUP) {
                for (int i = 0; i < 4; i++) {
                    int d = pass == FORWARD ? item & 15 : (four + GROUP * i) / (8 * side);
                    int column = pass == FORWARD ? (four + GROUP * i) / DEPTH : item & 8 * side - 1;
                    int offset = columnTable[column];
                    int offsetB = steps[STEP_B + d];
                    b[d * PITCH + column] = Gather.element(m, (offset | offsetB) >= 0, matrix + offset + offsetB);
                }
            }
            c.localBarrier(); // the slice is there

            // Their product.
            for (int d = 0; d < DEPTH; d++) {
                for (int i = 0; i < side; i++) {
                    float x = a[d * PITCH + place(rowLane, i)];
                    for (int j = 0; j < side; j++) {
                        sums[i * side + j] += x * b[d * PITCH + place(columnLane, j)];
                    }
                }
                if (pass == WEIGHTS && item < 8 * side) {
                    biasSum += b[d * PITCH + item];
                }
            }
        }
        c.localBarrier(); // the table of rows is written, even if there was no slice

        // Results; what is added to a row of them is read before the first is written, as no read can begin before a write ahead of it.
        int bias = pass == FORWARD ? at.get(3) : -1;
        int perChannel = pass == FORWARD ? at.get(4) : -1;
        int residual = pass == FORWARD ? at.get(5) : -1;
        int part = target + c.groupIdz * (pass == WEIGHTS ? (taps + 1) * k : pass == FORWARD ? n * oh * ow * k : n * h * w * channels);
        for (int i = 0; i < side; i++) {
            int row = place(rowLane, i);
            int result = rowTable[ROW_RESULT + row];
            if (pass == FORWARD) {
                int ofImage = (row0 + row) / pixelsOfImage * k;
                for (int j = 0; j < side; j++) {
                    int column = column0 + place(columnLane, j);
                    boolean inside = (result | columns - 1 - column) >= 0;
                    sums[i * side + j] += Gather.added(m, inside ? bias : -1, column) + Gather.added(m, inside ? perChannel : -1, ofImage + column)
                            + Gather.added(m, inside ? residual : -1, result + column);
                }
            }
            for (int j = 0; j < side; j++) {
                int column = column0 + place(columnLane, j);
                if ((result | columns - 1 - column) >= 0) { // both are inside
                    m.set(part + (pass == WEIGHTS ? column * taps + result : result + column), sums[i * side + j]);
                }
            }
        }
        if (pass == WEIGHTS && row0 == 0 && item < 8 * side && column0 + item < k) {
            m.set(part + taps * k + column0 + item, biasSum);
        }
    }
}
