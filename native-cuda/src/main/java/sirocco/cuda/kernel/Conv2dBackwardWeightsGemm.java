package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.List;
import sirocco.api.MemoryPlanner;
import sirocco.api.Op;

/**
 * conv2d_backward_weights_v2.cu and later: sums over pixels in parts, then the parts in order, added to the gradient; the bias's gradient is a
 * sum of columns.
 */
record Conv2dBackwardWeightsGemm(ImplicitGemm level, Sums sums) implements Variant<Op.Conv2dBackwardWeights> {
    @Override
    public String name() {
        return level.name();
    }

    @Override
    public boolean fits(Op.Conv2dBackwardWeights op, Target target) {
        return level.fits(target);
    }

    @Override
    public Kernel kernel(Op.Conv2dBackwardWeights op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.dw(), op.window());
        ImplicitGemm.Choice gemm = level.choose("conv2d_backward_weights", target, s.k(), s.depth(),
                ImplicitGemm.mostParts(target, s.outputs()), s.c(), s.k());
        long tiles = gemm.tiles(s.k(), s.depth());
        ImplicitGemm.Parts parts = ImplicitGemm.Parts.of(target, tiles, s.outputs());
        int weights = (int) op.dw().shape().elements();
        Sums.Columns bias = new Sums.Columns(1, s.outputs(), s.k());
        long partBytes = parts.count() == 1 ? 0 : (long) parts.count() * weights * Float.BYTES;
        long biasAt = (partBytes + MemoryPlanner.ALIGNMENT - 1) / MemoryPlanner.ALIGNMENT * MemoryPlanner.ALIGNMENT;
        return Kernel.of(m -> {
            List<Launch> launches = new ArrayList<>();
            launches.add(gemm.launch(tiles, parts.count(), m.at(op.x()), m.at(op.dy()), s.argument(), parts.slicesOfPart(),
                    parts.count() == 1 ? m.at(op.dw()) : m.scratch()));
            if (parts.count() > 1) {
                launches.add(Launch.threads("conv2d_sum_parts", Launch.blocks(weights, 4), m.scratch(), parts.count(), weights, m.at(op.dw())));
            }
            op.dBias().ifPresent(d -> launches.addAll(sums.columns(bias, m.at(op.dy()), m.scratch() + biasAt, m.at(d), true)));
            return launches;
        }).withScratch(op.dBias().isPresent() ? biasAt + bias.scratchBytes() : partBytes)
                .withAlgorithm(gemm.algorithm() + (parts.count() > 1 ? ", " + parts.count() + " parts" : ""));
    }
}
