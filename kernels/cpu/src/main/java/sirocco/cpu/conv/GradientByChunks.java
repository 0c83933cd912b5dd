package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * The weights' gradient for many tiles and many channels: of each chunk of tiles first all are transformed, then all planes multiplied,
 * both by all threads. A sum belongs to one item and takes the chunks in order.
 */
final class GradientByChunks extends WinogradWeightsGradient {
    /** Tiles of a chunk: many to a product's inner loop, few enough for the planes of a chunk to stay in a cache. */
    private static final int CHUNK = 256;
    /** Tiles that one item of the transforms takes through one channel block. */
    static final int RUN = 16;

    private final int runs;
    private final int row;
    private final int uPlane;
    private final Workers.Task toPlanes = this::toPlanes;
    private final Workers.Task multiply = this::multiply;
    private final Workers.Task toWeights = this::toWeights;
    private int planes;
    private int u;
    private int first;
    private int count;

    GradientByChunks(ConvShape shape, Layout x, Layout dy, Workers workers) {
        super(shape, x, dy, CHUNK, workers);
        runs = ceilDiv(chunk, RUN);
        row = cBlocks * BLOCK;
        uPlane = kBlocks * BLOCK * row + Winograd.GAP;
    }

    @Override
    long floats() {
        return planesFloats() + (long) Winograd.PLANES * uPlane;
    }

    @Override
    void run(int at) {
        planes = at;
        u = at + (int) planesFloats();
        for (first = 0; first < tiles.count(); first += chunk) {
            count = Math.min(chunk, tiles.count() - first);
            workers.run((cBlocks + kBlocks) * runs, toPlanes);
            workers.run(Winograd.PLANES * kBlocks, multiply);
        }
        workers.run(shape.k(), toWeights);
    }

    private void toPlanes(int item, int worker) {
        int from = item % runs * RUN;
        toPlanes(item / runs, first, from, Math.min(count, from + RUN), planes, worker);
    }

    /** The chunk's products of 16 output channels with all input channels, of one plane. */
    private void multiply(int item, int worker) {
        int plane = item / kBlocks;
        int block = item % kBlocks;
        multiply(plane, block, 0, cBlocks, count, planes, first == 0, u + plane * uPlane + block * BLOCK * row, row);
    }

    private void toWeights(int k, int worker) {
        toWeights(k, 0, shape.c(), u + k * row, uPlane, worker);
    }
}
