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
import sirocco.api.Operand;
import sirocco.api.OperandRole;
import sirocco.api.Optimizer;
import sirocco.api.Pointwise;
import sirocco.api.Product;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.Window;

/**
 * How a step's kernel needs an operand to lie in memory. {@link Layouts} gives each value a layout by these demands, and {@link LayoutCopies} inserts a copy
 * where a step needs another.
 */
enum Demand {
    /** In logical order. */
    DENSE,
    /** In blocks of channels ({@link Layout#of}). */
    BLOCKS,
    /** Either way, but all operands of the step with this demand alike. */
    ALIKE,
    /** Either way, whatever the other operands are. */
    ANY;

    /** The demand on one of an op's operands. */
    static Demand of(Op op, Operand o) {
        if (o.value().dtype() != DType.F32) {
            return ANY;
        }
        return switch (op) {
            // The zeros that fill blocks up change no norm.
            case Optimizer.GradientNorm _ -> o.access() == Operand.Access.READ ? ANY : DENSE;
            case Movement.Assign _ -> ANY;
            case Movement.Accumulate _ -> ALIKE;
            default -> o.role() == OperandRole.ACTIVATION ? ofActivations(op) : DENSE;
        };
    }

    private static Demand ofActivations(Op any) {
        return switch (any) {
            case Convolution.Conv2d op -> pointwise(op.w().shape(), op.window()) && op.perChannel().isEmpty() ? ALIKE : BLOCKS;
            case Convolution.Conv2dBackwardData op -> pointwise(op.w().shape(), op.window()) ? ALIKE : BLOCKS;
            case Convolution.Conv2dBackwardWeights op -> pointwise(op.dw().shape(), op.window()) ? ALIKE : BLOCKS;
            case Normalization.GroupNorm _, Normalization.GroupNormBackward _ -> BLOCKS;
            case Normalization.LayerNorm _, Normalization.LayerNormBackward _ -> DENSE;
            case Attention _ -> ANY;
            // What fills blocks up is computed too, and must be zero.
            case Pointwise.Unary op -> op.function().of(0) == 0 ? ALIKE : DENSE;
            case Pointwise.UnaryBackward op -> Double.isFinite(op.function().derivative(0)) ? ALIKE : DENSE;
            case Pointwise.Affine op -> op.shift() == 0 ? ALIKE : DENSE;
            case Pointwise.Binary op -> op.function() != BinaryFunction.DIVIDE && (op.a().shape().equals(op.b().shape())
                    || ofChannels(op.a().shape(), op.b().shape()) || ofChannels(op.b().shape(), op.a().shape())) ? ALIKE : DENSE;
            case Pointwise.Gated _, Pointwise.GatedBackward _ -> DENSE;
            case Product _ -> DENSE;
            case Reduction.Reduce op -> overPixels(op) ? ALIKE : DENSE;
            case Movement.Concat op -> op.axis() == Axis.C ? ANY : DENSE;
            case Movement.Slice op -> op.axis() == Axis.C ? ANY : DENSE;
            case Movement.Repeat op -> op.y().shape().withN(1).equals(op.x().shape().withN(1)) ? ALIKE : DENSE;
            case Movement.Reshape op -> keepsPixels(op) ? ANY : DENSE;
            case Movement.Upsample _, Movement.UpsampleBackward _, Movement.AveragePool _ -> ALIKE;
            case Movement.Accumulate _, Movement.Assign _ -> ANY;
            case Movement.Permute _, Movement.Ramp _, Movement.GatherImages _ -> DENSE;
            case Random.Dropout _ -> ALIKE;
            case Random.Draw _, Random.DrawTimestep _, Random.DropLabels _ -> DENSE;
            case Conditioning.TimestepEmbedding _ -> BLOCKS;
            case Conditioning.Embedding op -> ofImages(op.ids().shape()) ? BLOCKS : DENSE;
            case Conditioning.EmbeddingBackward op -> ofImages(op.ids().shape()) ? ANY : DENSE;
            case Loss.MseLoss _, Loss.MseLossBackward _ -> ALIKE;
            case Loss.CrossEntropy _, Loss.CrossEntropyBackward _ -> DENSE;
            case Diffusion.Noising _ -> BLOCKS;
            case Diffusion.Guidance _, Diffusion.Combine _ -> ALIKE;
            case Diffusion.SamplingStep _ -> ANY;
            case Diffusion.Pixels _, Diffusion.Lookup _, Diffusion.Advance _ -> DENSE;
            case Optimizer _ -> DENSE;
        };
    }

    /** Whether {@code v} has a number for each channel of {@code x}, for all images or for each. */
    static boolean ofChannels(Shape v, Shape x) {
        return v.imageElements() == x.c() && v.c() == x.c() && (v.n() == 1 || v.n() == x.n());
    }

    /** A matrix product of each pixel's channels. */
    static boolean pointwise(Shape w, Window window) {
        return w.h() == 1 && w.w() == 1 && window.stride() == 1 && window.top() == 0 && window.left() == 0 && window.bottom() == 0 && window.right() == 0;
    }

    /** The sum over the pixels of each image and channel. */
    static boolean overPixels(Reduction.Reduce op) {
        return op.function() == Reduction.Function.SUM && op.axes().equals(EnumSet.of(Axis.H, Axis.W));
    }

    /** A reshape that leaves each pixel's channels together, and each image's pixels: rows and columns become tokens, or a copy. */
    static boolean keepsPixels(Movement.Reshape op) {
        return op.x().shape().n() == op.y().shape().n() && op.x().shape().c() == op.y().shape().c();
    }

    /** One id an image, whose row of the table is the image's features. */
    static boolean ofImages(Shape ids) {
        return ids.imageElements() == 1;
    }
}
