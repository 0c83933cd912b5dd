package sirocco.cpu;

import sirocco.api.DType;
import sirocco.api.Op;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.cpu.norm.ChannelSum;
import sirocco.cpu.pointwise.Add;
import sirocco.cpu.pointwise.Concat;
import sirocco.cpu.pointwise.Guidance;
import sirocco.cpu.pointwise.Repeat;
import sirocco.cpu.pointwise.Silu;
import sirocco.cpu.pointwise.SiluBackward;
import sirocco.cpu.pointwise.TimeEmbedding;
import sirocco.cpu.pointwise.Upsample;
import sirocco.cpu.pointwise.UpsampleBackward;

/** Makes the kernel of each op: itself where operands are all there is to it, by the makers of a subject otherwise. */
final class KernelFactory {
    private final Layouts layouts;
    private final Workers workers;
    private final ConvKernels convolutions;
    private final NormAttentionKernels norms;
    private final DiffusionKernels diffusion;
    private final OptimizerKernels optimizer;

    KernelFactory(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
        convolutions = new ConvKernels(layouts, workers);
        norms = new NormAttentionKernels(layouts, workers);
        diffusion = new DiffusionKernels(layouts, workers);
        optimizer = new OptimizerKernels(layouts, workers);
    }

    Kernel of(Step step) {
        return switch (step.op()) {
            case Op.Conv2d op -> convolutions.forward(op);
            case Op.Conv2dBackwardData op -> convolutions.backwardData(op);
            case Op.Conv2dBackwardWeights op -> convolutions.backwardWeights(op);

            case Op.GroupNorm op -> norms.groupNorm(op);
            case Op.GroupNormBackward op -> norms.groupNormBackward(op);
            case Op.Silu op -> unary(new Silu(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Op.SiluBackward op -> binary(new SiluBackward(at(op.x()), at(op.dy()), at(op.dx()), workers)::run, op.x(), op.dy(), op.dx());
            case Op.Attention op -> norms.attention(op);
            case Op.AttentionBackward op -> norms.attentionBackward(op);

            case Op.Add op -> binary(new Add(at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
            case Op.Concat op -> binary(new Concat(at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
            case Op.Slice op -> unary(new sirocco.cpu.pointwise.Slice(at(op.x()), op.from(), at(op.y()), workers)::run, op.x(), op.y());
            case Op.Upsample op -> unary(new Upsample(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Op.UpsampleBackward op -> unary(new UpsampleBackward(at(op.dy()), at(op.dx()), workers)::run, op.dy(), op.dx());
            case Op.SumPixels op -> unary(new ChannelSum(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Op.Dropout op -> diffusion.dropout(op);
            case Op.Repeat op -> op.x().dtype() == DType.F32 ? unary(new Repeat(at(op.x()), at(op.y()), workers)::run, op.x(), op.y())
                    : Kernel.of(m -> {
                        int[] x = m.ints(op.x());
                        int[] y = m.ints(op.y());
                        return () -> Bookkeeping.repeat(x, y);
                    });

            case Op.TimestepEmbedding op -> unary(
                    new TimeEmbedding(at(op.y()), op.flipSinToCos(), op.freqShift(), op.maxPeriod(), workers)::run, op.t(), op.y());
            case Op.Embedding op -> diffusion.embedding(op);
            case Op.EmbeddingBackward op -> diffusion.embeddingBackward(op);
            case Op.DropLabels op -> DiffusionKernels.dropLabels(op);

            case Op.GatherImages op -> DiffusionKernels.gatherImages(op);
            case Op.Noising op -> diffusion.noising(op);
            case Op.MseLoss op -> diffusion.mseLoss(op);
            case Op.MseLossBackward op -> diffusion.mseLossBackward(op);
            case Op.ChainTimestep op -> DiffusionKernels.chainTimestep(op);
            case Op.Guidance op -> binary(new Guidance(at(op.x()), at(op.y()), workers)::run, op.x(), op.scale(), op.y());
            case Op.SamplingStep op -> diffusion.samplingStep(op);

            case Op.GradientNorm op -> optimizer.gradientNorm(op);
            case Op.RecordStep op -> OptimizerKernels.recordStep(op);
            case Op.AdamEma op -> optimizer.adamEma(op);
        };
    }

    // ---- one value in, one out, and the like -----------------------------------------------------------------------------------

    private interface Unary {
        void run(float[] x, int xAt, float[] y, int yAt);
    }

    private interface Binary {
        void run(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt);
    }

    private static Kernel unary(Unary kernel, Value x, Value y) {
        return Kernel.of(m -> {
            Slice from = m.at(x);
            Slice to = m.at(y);
            return () -> kernel.run(from.array(), from.offset(), to.array(), to.offset());
        });
    }

    private static Kernel binary(Binary kernel, Value a, Value b, Value y) {
        return Kernel.of(m -> {
            Slice first = m.at(a);
            Slice second = m.at(b);
            Slice to = m.at(y);
            return () -> kernel.run(first.array(), first.offset(), second.array(), second.offset(), to.array(), to.offset());
        });
    }

    private Layout at(Value v) {
        return layouts.of(v);
    }
}
