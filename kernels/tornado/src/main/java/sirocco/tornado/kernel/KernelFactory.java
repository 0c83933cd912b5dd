package sirocco.tornado.kernel;

import sirocco.api.Attention;
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
import sirocco.gpu.CommonCases;

/** Makes the kernel of each op. */
public final class KernelFactory {
    private KernelFactory() { }

    /** Whether there is a kernel for an op, with its shapes and attributes. What has none is lowered; no primitive is among it. */
    public static boolean supports(Op any) {
        return switch (any) {
            case Attention.Forward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Attention.Backward op -> op.q().shape().equals(op.k().shape()) && op.keyMask().isEmpty() && !op.causal();
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _, Pointwise.Gated _, Pointwise.GatedBackward _, Movement.AveragePool _ -> false;
            case Convolution _, Normalization _, Pointwise _, Product _, Reduction _, Movement _, Conditioning _, Random _, Diffusion _, Loss _, Optimizer _ ->
                    true;
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
            case Product.MatMul op -> MatMulKernels.of(op);
            case Reduction.Reduce op -> CommonCases.sumsPixels(op) ? Sums.of(op) : Reductions.of(op);

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
            case Random.Draw op -> DrawKernels.of(op);
            case Random.DrawTimestep op -> DrawKernels.of(op);

            case Diffusion.Noising op -> DiffusionKernels.of(op);
            case Diffusion.Lookup op -> TableKernels.of(op);
            case Diffusion.Guidance op -> PointwiseKernels.of(op);
            case Diffusion.SamplingStep op -> DiffusionKernels.of(op);
            case Diffusion.Combine op -> TableKernels.of(op);
            case Diffusion.Advance op -> TableKernels.of(op);
            case Diffusion.Pixels op -> DrawKernels.of(op);
            case Loss.MseLoss op -> Sums.of(op);
            case Loss.MseLossBackward op -> Sums.of(op);
            case Loss.CrossEntropy op -> CrossEntropyKernels.of(op);
            case Loss.CrossEntropyBackward op -> CrossEntropyKernels.of(op);

            case Optimizer.GradientNorm op -> Sums.of(op);
            case Optimizer.RecordStep op -> OptimizerKernels.of(op);
            case Optimizer.AdamEma op -> OptimizerKernels.of(op);
            case Optimizer.Average op -> OptimizerKernels.of(op);
        };
    }

    private static IllegalStateException unsupported(Op op) {
        return new IllegalStateException("tornado: " + op.kind() + " should have been lowered");
    }
}
