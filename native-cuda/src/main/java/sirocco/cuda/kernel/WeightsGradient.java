package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import sirocco.api.Convolution;
import sirocco.gpu.Alignment;
import sirocco.gpu.ConvShape;
import sirocco.gpu.SplitK;

/**
 * The sum over pixels of a weights' gradient, divided by split-K so that every multiprocessor has thread blocks: partial sums are written to
 * scratch, and added to the gradient in their order.
 */
final class WeightsGradient {
    /** K-tiles of a partial sum at least: with fewer, adding the partial sums costs more than computing them. */
    private static final int FEWEST_TILES = 16;
    /** Thread blocks for each multiprocessor that a sum is divided for. */
    private static final int WAVES = 2;

    private WeightsGradient() { }

    /** Returns the number of partial sums that a depth of so many K-tiles may be divided into. */
    static int mostSplits(int kTiles) {
        return Math.max(1, kTiles / FEWEST_TILES);
    }

    /** @param tiles of the result */
    static SplitK split(Target target, long tiles, int kTiles) {
        long wanted = Math.max(1, (long) WAVES * target.multiprocessors() / tiles); // one thread block more would be a wave by itself
        return SplitK.of(kTiles, Math.min(wanted, mostSplits(kTiles)));
    }

    /**
     * Returns all launches of an op.
     *
     * @param algorithm as plans name it
     * @param product makes the launch that computes the partial sums, given where they go: with one of them the gradient, which is added to
     */
    static Kernel kernel(Convolution.Conv2dBackwardWeights op, ConvShape s, SplitK split, Sums sums, String algorithm, BiFunction<Places, Long, Launch> product) {
        int weights = s.weights();
        Sums.Columns bias = new Sums.Columns(1, s.outputs(), s.k());
        long partBytes = split.splits() == 1 ? 0 : (long) split.splits() * weights * Float.BYTES;
        long biasAt = Alignment.align(partBytes);
        return Kernel.of(m -> {
            List<Launch> launches = new ArrayList<>();
            launches.add(product.apply(m, split.splits() == 1 ? m.at(op.dw()) : m.scratch()));
            if (split.splits() > 1) {
                launches.add(Launch.threads("conv2d_sum_parts", Launch.blocks(weights, 4), m.scratch(), split.splits(), weights, m.at(op.dw())));
            }
            op.dBias().ifPresent(d -> launches.addAll(sums.columns(bias, m.at(op.dy()), m.scratch() + biasAt, m.at(d), true)));
            return launches;
        }).withScratch(op.dBias().isPresent() ? biasAt + bias.scratchBytes() : partBytes).withAlgorithm(split.label(algorithm));
    }
}
