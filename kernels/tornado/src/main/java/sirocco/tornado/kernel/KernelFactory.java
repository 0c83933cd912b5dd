package sirocco.tornado.kernel;

import java.util.EnumSet;
import sirocco.api.Attention;
import sirocco.api.Axis;
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
import sirocco.api.Settings.Precision;
import sirocco.gpu.Box;

/** Makes the kernel of each op. */
public final class KernelFactory {
    private KernelFactory() { }

    /** Whether there is a kernel for an op, with its shapes and attributes. */
    public static boolean supports(Op any) {
        return switch (any) {
            case Attention.Forward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Attention.Backward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _ -> false;
            case Pointwise.Gated _, Pointwise.GatedBackward _ -> false;
            case Product _ -> false;
            case Reduction.Reduce op -> op.function() == Reduction.Function.SUM && op.axes().equals(EnumSet.of(Axis.H, Axis.W));
            case Movement.AveragePool _ -> false;
            case Conditioning.Embedding op -> op.ids().shape().imageElements() == 1;
            case Conditioning.EmbeddingBackward op -> op.ids().shape().imageElements() == 1;
            case Random.Draw _, Random.DrawTimestep _ -> false;
            case Loss.CrossEntropy _, Loss.CrossEntropyBackward _ -> false;
            case Diffusion.Lookup op -> op.column() == 0 && op.row().shape().n() == 1;
            case Diffusion.Combine _, Diffusion.Advance _, Diffusion.Pixels _ -> false;
            case Optimizer.Average _ -> false;
            default -> true;
        };
    }

    /** @param precision of products: BF16 where the device's tensor cores are to compute those of convolutions and attention */
    public static Kernel of(Op any, Precision precision) {
        return switch (any) {
            case Convolution.Conv2d op -> ConvolutionKernels.of(op, precision);
            case Convolution.Conv2dBackwardData op -> ConvolutionKernels.of(op, precision);
            case Convolution.Conv2dBackwardWeights op -> ConvolutionKernels.of(op, precision);

            case Normalization.GroupNorm op -> GroupNorms.of(op);
            case Normalization.GroupNormBackward op -> GroupNorms.of(op);
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _ -> throw unsupported(any);
            case Attention.Forward op -> Attentions.of(op, precision);
            case Attention.Backward op -> Attentions.of(op, precision);

            case Pointwise.Unary op -> PointwiseKernels.of(op);
            case Pointwise.UnaryBackward op -> PointwiseKernels.of(op);
            case Pointwise.Binary op -> PointwiseKernels.of(op);
            case Pointwise.Affine op -> PointwiseKernels.of(op);
            case Pointwise.Gated _, Pointwise.GatedBackward _ -> throw unsupported(any);
            case Product.MatMul _ -> throw unsupported(any);
            case Reduction.Reduce op -> Sums.of(op);

            case Movement.Concat op -> Moves.of(op);
            case Movement.Slice op -> Moves.of(op);
            case Movement.Upsample op -> Moves.of(op);
            case Movement.UpsampleBackward op -> Moves.of(op);
            case Movement.Repeat op -> Moves.of(op);
            case Movement.GatherImages op -> Moves.of(op);
            case Movement.Reshape op -> Copies.of(op);
            case Movement.Permute op -> Boxes.of(Box.of(op), op.x(), op.y());
            case Movement.Ramp op -> Ramps.of(op);
            case Movement.Accumulate op -> Copies.of(op);
            case Movement.Assign op -> Copies.of(op);
            case Movement.AveragePool _ -> throw unsupported(any);

            case Conditioning.TimestepEmbedding op -> ConditioningKernels.of(op);
            case Conditioning.Embedding op -> ConditioningKernels.of(op);
            case Conditioning.EmbeddingBackward op -> ConditioningKernels.of(op);
            case Random.Dropout op -> ConditioningKernels.of(op);
            case Random.DropLabels op -> ConditioningKernels.of(op);
            case Random.Draw _, Random.DrawTimestep _ -> throw unsupported(any);

            case Diffusion.Noising op -> DiffusionKernels.of(op);
            case Diffusion.Lookup op -> DiffusionKernels.of(op);
            case Diffusion.Guidance op -> PointwiseKernels.of(op);
            case Diffusion.SamplingStep op -> DiffusionKernels.of(op);
            case Diffusion.Combine _, Diffusion.Advance _, Diffusion.Pixels _ -> throw unsupported(any);
            case Loss.MseLoss op -> Sums.of(op);
            case Loss.MseLossBackward op -> Sums.of(op);
            case Loss.CrossEntropy _, Loss.CrossEntropyBackward _ -> throw unsupported(any);

            case Optimizer.GradientNorm op -> Sums.of(op);
            case Optimizer.RecordStep op -> OptimizerKernels.of(op);
            case Optimizer.AdamEma op -> OptimizerKernels.of(op);
            case Optimizer.Average _ -> throw unsupported(any);
        };
    }

    private static IllegalStateException unsupported(Op op) {
        return new IllegalStateException("tornado: " + op.kind() + " should have been lowered");
    }
}
