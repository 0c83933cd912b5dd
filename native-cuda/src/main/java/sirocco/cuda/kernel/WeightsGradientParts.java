package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import sirocco.api.Convolution;
import sirocco.api.MemoryPlanner;

/**
 * How the sum over pixels of a weights' gradient is parted among thread blocks, so that every multiprocessor has some: parts are written to
 * scratch, and added to the gradient in their order.
 *
 * @param slicesOfPart slices of the depth, of the last part at most
 */
record WeightsGradientParts(int count, int slicesOfPart) {
    /** Slices that are worth a part of a sum: less, and the parts' sums cost more than what they are made of. */
    private static final int FEWEST_SLICES = 16;
    /** Thread blocks for each multiprocessor that a sum is parted for. */
    private static final int WAVES = 2;

    /** Parts that a sum of so many slices is worth dividing into. */
    static int most(int slices) {
        return Math.max(1, slices / FEWEST_SLICES);
    }

    static WeightsGradientParts of(Target target, long tiles, int slices) {
        long wanted = Math.max(1, (long) WAVES * target.multiprocessors() / tiles); // one block more would have another wave to itself
        int each = (int) Launch.blocks(slices, Math.min(wanted, most(slices)));
        return new WeightsGradientParts((int) Launch.blocks(slices, each), each);
    }

    /**
     * All launches of an op.
     *
     * @param algorithm as plans say it
     * @param product makes the launch that sums the parts, given where they go: with one part the gradient, which is added to
     */
    Kernel kernel(Convolution.Conv2dBackwardWeights op, ConvShape s, Sums sums, String algorithm, BiFunction<Places, Long, Launch> product) {
        int weights = (int) op.dw().shape().elements();
        Sums.Columns bias = new Sums.Columns(1, s.outputs(), s.k());
        long partBytes = count == 1 ? 0 : (long) count * weights * Float.BYTES;
        long biasAt = (partBytes + MemoryPlanner.ALIGNMENT - 1) / MemoryPlanner.ALIGNMENT * MemoryPlanner.ALIGNMENT;
        return Kernel.of(m -> {
            List<Launch> launches = new ArrayList<>();
            launches.add(product.apply(m, count == 1 ? m.at(op.dw()) : m.scratch()));
            if (count > 1) {
                launches.add(Launch.threads("conv2d_sum_parts", Launch.blocks(weights, 4), m.scratch(), count, weights, m.at(op.dw())));
            }
            op.dBias().ifPresent(d -> launches.addAll(sums.columns(bias, m.at(op.dy()), m.scratch() + biasAt, m.at(d), true)));
            return launches;
        }).withScratch(op.dBias().isPresent() ? biasAt + bias.scratchBytes() : partBytes)
                .withAlgorithm(algorithm + (count > 1 ? ", " + count + " parts" : ""));
    }
}
