package sirocco.cpu;

import java.util.List;
import sirocco.api.Optimizer;
import sirocco.cpu.optim.AdamEma;
import sirocco.cpu.optim.Average;
import sirocco.cpu.optim.GradientNorm;

/** Makes the kernels that see all parameters at once. */
final class OptimizerKernels {
    private final Layouts layouts;
    private final Workers workers;

    OptimizerKernels(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
    }

    Kernel gradientNorm(Optimizer.GradientNorm op) {
        return Kernel.of(m -> {
            Regions regions = Regions.of(m, layouts, List.of(op.gradients()));
            Slice norm = m.at(op.norm());
            GradientNorm[] kernels = new GradientNorm[regions.count()];
            for (int i = 0; i < kernels.length; i++) {
                kernels[i] = new GradientNorm(regions.floats()[i], workers);
            }
            float[] norms = new float[kernels.length];
            return () -> {
                double squares = 0;
                for (int i = 0; i < kernels.length; i++) {
                    Slice g = regions.starts()[i][0];
                    kernels[i].run(g.array(), g.offset(), norms, i);
                    squares += (double) norms[i] * norms[i];
                }
                norm.array()[norm.offset()] = (float) Math.sqrt(squares);
            };
        });
    }

    static Kernel recordStep(Optimizer.RecordStep op) {
        int rows = op.history().shape().n();
        return Kernel.of(m -> {
            Slice loss = m.at(op.loss());
            Slice norm = m.at(op.norm());
            int[] rng = m.ints(op.rng());
            Slice history = m.at(op.history());
            int[] failed = m.ints(op.failed());
            Slice guard = m.at(op.guard());
            return () -> guard.array()[guard.offset()] = Bookkeeping.recordStep(loss.array()[loss.offset()], norm.array()[norm.offset()], rng[2], history,
                    rows, failed);
        });
    }

    Kernel adamEma(Optimizer.AdamEma op) {
        return Kernel.of(m -> {
            Regions regions = Regions.of(m, layouts, List.of(op.parameters(), op.gradients(), op.m(), op.v(), op.ema()));
            Slice hyper = m.at(op.hyper());
            Slice norm = m.at(op.norm());
            AdamEma[] kernels = new AdamEma[regions.count()];
            for (int i = 0; i < kernels.length; i++) {
                kernels[i] = new AdamEma(regions.floats()[i], workers);
            }
            return () -> {
                for (int i = 0; i < kernels.length; i++) {
                    Slice[] at = regions.starts()[i];
                    kernels[i].run(at[0].array(), at[0].offset(), at[1].array(), at[1].offset(), at[2].array(), at[2].offset(), at[3].array(),
                            at[3].offset(), at[4].array(), at[4].offset(), hyper.array(), hyper.offset(), norm.array(), norm.offset());
                }
            };
        });
    }

    Kernel average(Optimizer.Average op) {
        return Kernel.of(m -> {
            Regions regions = Regions.of(m, layouts, List.of(op.sources(), op.targets()));
            Slice decay = m.at(op.decay());
            Average[] kernels = new Average[regions.count()];
            for (int i = 0; i < kernels.length; i++) {
                kernels[i] = new Average(regions.floats()[i], workers);
            }
            return () -> {
                for (int i = 0; i < kernels.length; i++) {
                    Slice[] at = regions.starts()[i];
                    kernels[i].run(decay.array()[decay.offset()], at[0].array(), at[0].offset(), at[1].array(), at[1].offset());
                }
            };
        });
    }
}
