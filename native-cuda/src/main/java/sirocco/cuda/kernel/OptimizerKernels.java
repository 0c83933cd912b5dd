package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Optimizer;
import sirocco.api.Value;
import sirocco.gpu.Chunks;

/** Gradient norm, and Adam with clipping and the moving average: all parameters in one launch, chunk by chunk, from a table of pointers. */
final class OptimizerKernels {
    Kernel gradientNorm(Optimizer.GradientNorm op) {
        int chunks = Chunks.count(op.gradients());
        return Kernel.of(m -> List.of(
                Launch.blocks("gradient_norm", chunks, 1, 1, m.table(table(m, List.of(op.gradients()))), m.scratch()),
                Launch.blocks("gradient_norm_finish", 1, 1, 1, m.scratch(), chunks, m.at(op.norm())).withBlock(1024))).withScratch((long) chunks * Float.BYTES)
                .withTable(Chunks.entries(op.gradients(), 1));
    }

    Kernel recordStep(Optimizer.RecordStep op) {
        return Kernel.of(m -> List.of(Launch.threads("record_step", 1, m.at(op.loss()), m.at(op.norm()), m.at(op.rng()), m.at(op.history()),
                op.history().shape().n(), m.at(op.failed()), m.at(op.guard())).withBlock(1)));
    }

    Kernel adamEma(Optimizer.AdamEma op) {
        List<List<Value>> lists = List.of(op.parameters(), op.gradients(), op.m(), op.v(), op.ema());
        return Kernel.of(m -> List.of(Launch.blocks("adam_ema", Chunks.count(op.parameters()), 1, 1, m.table(table(m, lists)), m.at(op.norm()),
                m.at(op.hyper())))).withTable(Chunks.entries(op.parameters(), lists.size()));
    }

    Kernel average(Optimizer.Average op) {
        List<List<Value>> lists = List.of(op.targets(), op.sources());
        return Kernel.of(m -> List.of(Launch.blocks("average_weights", Chunks.count(op.targets()), 1, 1, m.table(table(m, lists)), m.at(op.decay()))))
                .withTable(Chunks.entries(op.targets(), lists.size()));
    }

    /** @param lists parallel lists of tensors with the same shapes */
    private static long[] table(Places m, List<List<Value>> lists) {
        return Chunks.table(lists.stream().map(tensors -> new Chunks.Column(tensors, m::at, Float.BYTES)).toList());
    }
}
