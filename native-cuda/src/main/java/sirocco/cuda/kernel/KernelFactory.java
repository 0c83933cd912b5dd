package sirocco.cuda.kernel;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sirocco.api.Attention;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Conditioning;
import sirocco.api.Convolution;
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
import sirocco.gpu.CommonCases;

/** Makes the kernel of each op. */
public final class KernelFactory {
    private final PointwiseKernels pointwise;
    private final Moves moves;
    private final Sums sums;
    private final ConditioningKernels conditioning;
    private final DiffusionKernels diffusion;
    private final OptimizerKernels optimizer;
    private final Convolutions convolutions;
    private final Norms norms;
    private final Attentions attentions;
    private final Conversions conversions;

    public KernelFactory(Target target, KernelRule rule, Layout layout) {
        conversions = new Conversions(layout, target.activations());
        pointwise = new PointwiseKernels(target);
        moves = new Moves(layout);
        sums = new Sums(target);
        conditioning = new ConditioningKernels(target);
        diffusion = new DiffusionKernels(target);
        optimizer = new OptimizerKernels();
        convolutions = new Convolutions(target, rule, sums);
        norms = new Norms(target, rule);
        attentions = new Attentions(target, rule);
    }

    /** Names of variants by op, as {@link KernelRule#PROPERTY} takes them. */
    public static Map<String, List<String>> variants() {
        Map<String, List<String>> all = new LinkedHashMap<>();
        all.putAll(Convolutions.variants());
        all.putAll(Attentions.variants());
        all.putAll(Norms.variants());
        return all;
    }

    public Kernel of(Step step) {
        return conversions.around(step.op(), plain(step.op()));
    }

    /** Whether there is a kernel for an op, with its shapes and attributes. */
    public static boolean supports(Op any) {
        return switch (any) {
            case Attention.Forward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Attention.Backward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _, Pointwise.Gated _, Pointwise.GatedBackward _, Movement.AveragePool _ -> false;
            default -> true;
        };
    }

    /** Whether an op's only kernel computes in float32, whatever activations are stored in. */
    static boolean inFloat32(Op any) {
        return switch (any) {
            case Pointwise.Unary op -> op.function() != UnaryFunction.SILU;
            case Pointwise.UnaryBackward op -> op.function() != UnaryFunction.SILU;
            case Pointwise.Binary op -> !isSum(op);
            case Reduction.Reduce op -> !CommonCases.sumsPixels(op);
            case Movement.Concat op -> op.axis() != Axis.C;
            case Movement.Slice op -> op.axis() != Axis.C;
            case Movement.Repeat op -> !CommonCases.repeatsBatch(op);
            case Movement.Reshape _, Movement.Permute _, Movement.Ramp _, Movement.Accumulate _, Movement.Assign _, Pointwise.Affine _, Product _, Random.Draw _,
                    Diffusion.Combine _, Diffusion.Pixels _, Loss.CrossEntropy _, Loss.CrossEntropyBackward _ -> true;
            default -> false;
        };
    }

    private static boolean isSum(Pointwise.Binary op) {
        return op.function() == BinaryFunction.ADD && op.a().shape().equals(op.b().shape());
    }

    private Kernel plain(Op any) {
        return switch (any) {
            case Convolution.Conv2d op -> convolutions.forward(op);
            case Convolution.Conv2dBackwardData op -> convolutions.backwardData(op);
            case Convolution.Conv2dBackwardWeights op -> convolutions.backwardWeights(op);

            case Normalization.GroupNorm op -> norms.forward(op);
            case Normalization.GroupNormBackward op -> norms.backward(op);
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _ -> throw unsupported(any);
            case Attention.Forward op -> attentions.forward(op);
            case Attention.Backward op -> attentions.backward(op);

            case Pointwise.Unary op -> inFloat32(op) ? FunctionKernels.unary(op) : pointwise.silu(op);
            case Pointwise.UnaryBackward op -> inFloat32(op) ? FunctionKernels.unaryBackward(op) : pointwise.siluBackward(op);
            case Pointwise.Binary op -> inFloat32(op) ? FunctionKernels.binary(op) : pointwise.add(op);
            case Pointwise.Affine op -> FunctionKernels.affine(op);
            case Pointwise.Gated _, Pointwise.GatedBackward _ -> throw unsupported(any);
            case Product.MatMul op -> MatMulKernels.of(op);
            case Reduction.Reduce op -> inFloat32(op) ? FunctionKernels.reduce(op) : sums.sumPixels(op);

            case Movement.Concat op -> inFloat32(op) ? Moves.concatAlong(op) : moves.concat(op);
            case Movement.Slice op -> inFloat32(op) ? Moves.sliceAlong(op) : moves.slice(op);
            case Movement.Upsample op -> moves.upsample(op);
            case Movement.UpsampleBackward op -> sums.upsampleBackward(op);
            case Movement.Repeat op -> inFloat32(op) ? Moves.repeatAlong(op) : moves.repeat(op);
            case Movement.GatherImages op -> diffusion.gatherImages(op);
            case Movement.Reshape op -> Moves.copy(op.x(), op.y());
            case Movement.Permute op -> Moves.permute(op);
            case Movement.Ramp op -> FunctionKernels.ramp(op);
            case Movement.Accumulate op -> FunctionKernels.accumulate(op);
            case Movement.Assign op -> Moves.copy(op.x(), op.into());
            case Movement.AveragePool _ -> throw unsupported(any);

            case Conditioning.TimestepEmbedding op -> conditioning.timestepEmbedding(op);
            case Conditioning.Embedding op -> conditioning.embedding(op);
            case Conditioning.EmbeddingBackward op -> conditioning.embeddingBackward(op);
            case Random.Dropout op -> pointwise.dropout(op);
            case Random.DropLabels op -> conditioning.dropLabels(op);
            case Random.Draw op -> DrawKernels.draw(op);
            case Random.DrawTimestep op -> DrawKernels.drawTimestep(op);

            case Diffusion.Noising op -> diffusion.noising(op);
            case Diffusion.Lookup op -> diffusion.lookup(op);
            case Diffusion.Guidance op -> pointwise.guidance(op);
            case Diffusion.SamplingStep op -> diffusion.samplingStep(op);
            case Diffusion.Combine op -> diffusion.combine(op);
            case Diffusion.Advance op -> diffusion.advance(op);
            case Diffusion.Pixels op -> DrawKernels.pixels(op);
            case Loss.MseLoss op -> diffusion.mseLoss(op);
            case Loss.MseLossBackward op -> diffusion.mseLossBackward(op);
            case Loss.CrossEntropy op -> diffusion.crossEntropy(op);
            case Loss.CrossEntropyBackward op -> diffusion.crossEntropyBackward(op);

            case Optimizer.GradientNorm op -> optimizer.gradientNorm(op);
            case Optimizer.RecordStep op -> optimizer.recordStep(op);
            case Optimizer.AdamEma op -> optimizer.adamEma(op);
            case Optimizer.Average op -> optimizer.average(op);
        };
    }

    private static IllegalStateException unsupported(Op op) {
        return new IllegalStateException("cuda: " + op.kind() + " should have been lowered");
    }
}
