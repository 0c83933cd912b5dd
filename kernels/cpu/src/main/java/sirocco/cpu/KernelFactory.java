package sirocco.cpu;

import java.util.EnumSet;
import sirocco.api.Attention;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Conditioning;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Optimizer;
import sirocco.api.Pointwise;
import sirocco.api.Product;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Step;
import sirocco.api.UnaryFunction;
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

    /** Whether there is a kernel for an op, with its shapes and attributes. */
    static boolean supports(Op any) {
        return switch (any) {
            case Attention.Forward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Attention.Backward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _ -> false;
            case Pointwise.Unary op -> op.function() == UnaryFunction.SILU;
            case Pointwise.UnaryBackward op -> op.function() == UnaryFunction.SILU;
            case Pointwise.Binary op -> op.function() == BinaryFunction.ADD && op.a().shape().equals(op.b().shape());
            case Pointwise.Affine _, Pointwise.Gated _, Pointwise.GatedBackward _ -> false;
            case Product _ -> false;
            case Reduction.Reduce op -> op.function() == Reduction.Function.SUM && op.axes().equals(EnumSet.of(Axis.H, Axis.W));
            case Movement.Concat op -> op.axis() == Axis.C;
            case Movement.Slice op -> op.axis() == Axis.C;
            case Movement.Repeat op -> op.y().shape().equals(op.x().shape().withN(2 * op.x().shape().n()));
            case Movement.AveragePool _, Movement.Reshape _, Movement.Permute _, Movement.Ramp _, Movement.Accumulate _, Movement.Assign _ -> false;
            case Conditioning.Embedding op -> op.ids().shape().imageElements() == 1;
            case Conditioning.EmbeddingBackward op -> op.ids().shape().imageElements() == 1;
            case Random.Draw _, Random.DrawTimestep _ -> false;
            case Loss.CrossEntropy _, Loss.CrossEntropyBackward _ -> false;
            case Diffusion.Lookup op -> op.column() == 0 && op.row().shape().n() == 1;
            case Diffusion.Combine _, Diffusion.Advance _, Diffusion.Pixels _ -> false;
            default -> true;
        };
    }

    Kernel of(Step step) {
        return switch (step.op()) {
            case Convolution op -> of(op);
            case Normalization.GroupNorm op -> norms.groupNorm(op);
            case Normalization.GroupNormBackward op -> norms.groupNormBackward(op);
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _ -> throw unsupported(step);
            case Attention.Forward op -> norms.attention(op);
            case Attention.Backward op -> norms.attentionBackward(op);
            case Pointwise op -> of(step, op);
            case Product.MatMul _ -> throw unsupported(step);
            case Reduction.Reduce op -> unary(new ChannelSum(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Movement op -> of(step, op);
            case Random.Dropout op -> diffusion.dropout(op);
            case Random.DropLabels op -> DiffusionKernels.dropLabels(op);
            case Random.Draw _, Random.DrawTimestep _ -> throw unsupported(step);
            case Conditioning.TimestepEmbedding op -> unary(
                    new TimeEmbedding(at(op.y()), op.flipSinToCos(), op.freqShift(), op.maxPeriod(), workers)::run, op.t(), op.y());
            case Conditioning.Embedding op -> diffusion.embedding(op);
            case Conditioning.EmbeddingBackward op -> diffusion.embeddingBackward(op);
            case Loss.MseLoss op -> diffusion.mseLoss(op);
            case Loss.MseLossBackward op -> diffusion.mseLossBackward(op);
            case Loss.CrossEntropy _, Loss.CrossEntropyBackward _ -> throw unsupported(step);
            case Diffusion.Noising op -> diffusion.noising(op);
            case Diffusion.Lookup op -> DiffusionKernels.chainTimestep(op);
            case Diffusion.Guidance op -> binary(new Guidance(at(op.x()), at(op.y()), workers)::run, op.x(), op.scale(), op.y());
            case Diffusion.SamplingStep op -> diffusion.samplingStep(op);
            case Diffusion.Combine _, Diffusion.Advance _, Diffusion.Pixels _ -> throw unsupported(step);
            case Optimizer.GradientNorm op -> optimizer.gradientNorm(op);
            case Optimizer.RecordStep op -> OptimizerKernels.recordStep(op);
            case Optimizer.AdamEma op -> optimizer.adamEma(op);
            case Optimizer.Average op -> optimizer.average(op);
        };
    }

    private Kernel of(Convolution convolution) {
        return switch (convolution) {
            case Convolution.Conv2d op -> convolutions.forward(op);
            case Convolution.Conv2dBackwardData op -> convolutions.backwardData(op);
            case Convolution.Conv2dBackwardWeights op -> convolutions.backwardWeights(op);
        };
    }

    private Kernel of(Step step, Pointwise pointwise) {
        return switch (pointwise) {
            case Pointwise.Unary op -> unary(new Silu(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Pointwise.UnaryBackward op -> binary(new SiluBackward(at(op.x()), at(op.dy()), at(op.dx()), workers)::run, op.x(), op.dy(), op.dx());
            case Pointwise.Binary op -> binary(new Add(at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
            case Pointwise.Affine _, Pointwise.Gated _, Pointwise.GatedBackward _ -> throw unsupported(step);
        };
    }

    private Kernel of(Step step, Movement movement) {
        return switch (movement) {
            case Movement.Concat op -> binary(new Concat(at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
            case Movement.Slice op -> unary(new sirocco.cpu.pointwise.Slice(at(op.x()), op.from(), at(op.y()), workers)::run, op.x(), op.y());
            case Movement.Upsample op -> unary(new Upsample(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Movement.UpsampleBackward op -> unary(new UpsampleBackward(at(op.dy()), at(op.dx()), workers)::run, op.dy(), op.dx());
            case Movement.Repeat op -> op.x().dtype() == DType.F32 ? unary(new Repeat(at(op.x()), at(op.y()), workers)::run, op.x(), op.y())
                    : Kernel.of(m -> {
                        int[] x = m.ints(op.x());
                        int[] y = m.ints(op.y());
                        return () -> Bookkeeping.repeat(x, y);
                    });
            case Movement.GatherImages op -> DiffusionKernels.gatherImages(op);
            case Movement.AveragePool _, Movement.Reshape _, Movement.Permute _, Movement.Ramp _, Movement.Accumulate _, Movement.Assign _ ->
                    throw unsupported(step);
        };
    }

    private static IllegalStateException unsupported(Step step) {
        return new IllegalStateException("cpu: " + step + " should have been lowered");
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
