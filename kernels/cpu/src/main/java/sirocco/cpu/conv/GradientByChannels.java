package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * The weights' gradient for few tiles and many channels, where most of the time would go into the sums' way to memory and back: an item
 * is a group of output and input channels, small enough that its sums stay in a level-2 cache until they are weights. The tiles are
 * transformed once for all of them.
 */
final class GradientByChannels extends WinogradWeightsGradient {
    /** With no more tiles than this, reading their planes again for each group costs less than keeping all sums in memory. */
    static final int FEW_TILES = 128;
    /** Blocks of output channels of a group, and of input channels: 36 planes of sums are 288 KiB. */
    private static final int K_GROUP = 2;
    private static final int C_GROUP = 4;

    private final int cGroups;
    private final int runs;
    private final int row;
    private final int uPlane;
    private final Workers.Task toPlanes = this::toPlanes;
    private final Workers.Task group = this::group;
    private int planes;

    GradientByChannels(ConvShape shape, Layout x, Layout dy, Workers workers) {
        super(shape, x, dy, FEW_TILES, workers);
        cGroups = ceilDiv(cBlocks, C_GROUP);
        runs = ceilDiv(chunk, GradientByChunks.RUN);
        row = C_GROUP * BLOCK;
        uPlane = K_GROUP * BLOCK * row + Winograd.GAP;
    }

    @Override
    long floats() {
        return planesFloats() + (long) workers.threads() * Winograd.PLANES * uPlane;
    }

    @Override
    void run(int at) {
        planes = at;
        workers.run((cBlocks + kBlocks) * runs, toPlanes);
        workers.run(ceilDiv(kBlocks, K_GROUP) * cGroups, group);
    }

    private void toPlanes(int item, int worker) {
        int from = item % runs * GradientByChunks.RUN;
        toPlanes(item / runs, 0, from, Math.min(chunk, from + GradientByChunks.RUN), planes, worker);
    }

    /** Sums the products of a group's channels over all tiles and transforms the sums to weights. */
    private void group(int item, int worker) {
        int k = item / cGroups * K_GROUP;
        int c = item % cGroups * C_GROUP;
        int lastK = Math.min(kBlocks, k + K_GROUP);
        int lastC = Math.min(cBlocks, c + C_GROUP);
        int sums = planes + (int) planesFloats() + worker * Winograd.PLANES * uPlane;
        for (int plane = 0; plane < Winograd.PLANES; plane++) {
            for (int block = k; block < lastK; block++) {
                multiply(plane, block, c, lastC, chunk, planes, true, sums + plane * uPlane + (block - k) * BLOCK * row, row);
            }
        }
        for (int i = k * BLOCK; i < Math.min(shape.k(), lastK * BLOCK); i++) {
            toWeights(i, c * BLOCK, Math.min(shape.c(), lastC * BLOCK), sums + (i - k * BLOCK) * row, uPlane, worker);
        }
    }

    @Override
    public String toString() {
        return super.toString() + ", by groups of channels";
    }
}
