package sirocco.tornado.kernel;

import static sirocco.tornado.kernel.AttentionTile.DEPTH;
import static sirocco.tornado.kernel.AttentionTile.ITEMS;
import static sirocco.tornado.kernel.AttentionTile.PITCH;
import static sirocco.tornado.kernel.AttentionTile.RESULTS;
import static sirocco.tornado.kernel.AttentionTile.SIDE;
import static sirocco.tornado.kernel.AttentionTile.WIDTH;

import java.util.List;
import sirocco.api.Product;
import sirocco.gpu.MatMulShape;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Batched matrix products, transposed or not, by the tiles of {@link AttentionTile}: 64 rows and 64 columns of a result. */
final class MatMulKernels {
    private MatMulKernels() { }

    static Kernel of(Product.MatMul op) {
        MatMulShape s = MatMulShape.of(op);
        long tiles = Launch.ceilDiv(s.rows(), WIDTH) * Launch.ceilDiv(s.columns(), WIDTH);
        return Kernel.of(p -> List.of(Launch.groups("matMul", new int[] {p.at(op.a()), p.at(op.b()), p.at(op.y())}, tiles * s.batches(), 1, 1, ITEMS,
                (g, id, c, m, at) -> g.task(id, MatMulKernels::product, c, m, at, s.rows(), s.columns(), s.depth(), s.heads(), s.aRow(), s.aDepth(),
                        s.aImage(), s.aHead(), s.bDepth(), s.bColumn(), s.bImage(), s.bHead()))));
    }

    /**
     * Group x has a tile of a matrix, an item 4 × 4 elements of it. Items side by side read along the axis whose stride is 1.
     *
     * <p>Work per item: 8 elements copied and 256 multiply-adds for 16 steps of the depth. Local memory 9 KiB; 8 reads for 16 multiply-adds. Traffic: an
     * element is read once for each tile it is in, which is 64 multiply-adds; results are written once. Bound by float32 arithmetic and local memory.
     *
     * <p>at: a, b, y [matrices, rows, columns]
     */
    static void product(KernelContext c, FloatArray m, IntArray at, int rows, int columns, int depth, int heads, int aRow, int aDepth, int aImage, int aHead,
            int bDepth, int bColumn, int bImage, int bHead) {
        float[] left = c.allocateFloatLocalArray(WIDTH * PITCH);
        float[] right = c.allocateFloatLocalArray(WIDTH * PITCH);
        float[] s = new float[RESULTS];

        int zero = AttentionTile.zero(c);
        int item = c.localIdx;
        int x = item & SIDE - 1;
        int y = item / SIDE;
        int across = (columns + WIDTH - 1) / WIDTH;
        int tiles = (rows + WIDTH - 1) / WIDTH * across;
        int matrix = c.groupIdx / tiles;
        int tile = c.groupIdx % tiles;
        int row0 = tile / across * WIDTH;
        int column0 = tile % across * WIDTH;
        int a = at.get(0) + matrix / heads * aImage + matrix % heads * aHead;
        int b = at.get(1) + matrix / heads * bImage + matrix % heads * bHead;
        for (int i = 0; i < RESULTS; i++) {
            s[i] = 0;
        }
        for (int depth0 = zero; depth0 < depth; depth0 += DEPTH) {
            c.localBarrier(); // nobody reads what is written now
            for (int i = 0; i < 4; i++) {
                int e = item + ITEMS * i;
                int step = aDepth == 1 ? e % DEPTH : e / WIDTH;
                int row = aDepth == 1 ? e / DEPTH : e % WIDTH;
                left[row * PITCH + step] = element(m, a, row0 + row, rows, aRow, depth0 + step, depth, aDepth);
                step = bDepth == 1 ? e % DEPTH : e / WIDTH;
                int column = bDepth == 1 ? e / DEPTH : e % WIDTH;
                right[column * PITCH + step] = element(m, b, column0 + column, columns, bColumn, depth0 + step, depth, bDepth);
            }
            c.localBarrier();
            for (int e = zero; e < DEPTH; e++) {
                for (int i = 0; i < 4; i++) {
                    for (int j = 0; j < 4; j++) {
                        s[4 * i + j] += left[(y + SIDE * i) * PITCH + e] * right[(x + SIDE * j) * PITCH + e];
                    }
                }
            }
        }
        int to = at.get(2) + matrix * rows * columns;
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                int row = row0 + y + SIDE * i;
                int column = column0 + x + SIDE * j;
                if (row < rows & column < columns) {
                    m.set(to + row * columns + column, s[4 * i + j]);
                }
            }
        }
    }

    /** An element, 0 beyond the matrix: its last is read then, which makes for shorter programs than a branch does. */
    private static float element(FloatArray m, int matrix, int row, int rows, int rowStride, int step, int depth, int depthStride) {
        float value = m.get(matrix + Math.min(row, rows - 1) * rowStride + Math.min(step, depth - 1) * depthStride);
        return row < rows & step < depth ? value : 0;
    }
}
