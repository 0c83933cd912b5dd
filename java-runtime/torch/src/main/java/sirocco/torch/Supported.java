package sirocco.torch;

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

/** The ops that {@link Translator} has calls for. */
final class Supported {
    private Supported() { }

    static boolean is(Op op) {
        return switch (op) {
            case Convolution.Conv2d _, Product.MatMul _, Reduction.Reduce _, Normalization.GroupNorm _, Conditioning.Embedding _, Random.Draw _,
                    Random.Dropout _ -> true;
            // PyTorch takes a mask or causality, not both.
            case Attention.Forward a -> a.keyMask().isEmpty() || !a.causal();
            // rms_norm is younger than the oldest PyTorch that is timed.
            case Normalization.LayerNorm n -> !n.rms();
            case Conditioning.TimestepEmbedding t -> t.y().shape().c() % 2 == 0;
            case Pointwise p -> pointwise(p);
            case Movement m -> movement(m);
            case Convolution.Conv2dBackwardData _, Convolution.Conv2dBackwardWeights _, Attention.Backward _, Normalization.GroupNormBackward _,
                    Normalization.LayerNormBackward _, Conditioning.EmbeddingBackward _, Random.DrawTimestep _, Random.DropLabels _, Loss _, Diffusion _,
                    Optimizer _ -> false;
        };
    }

    private static boolean pointwise(Pointwise p) {
        return switch (p) {
            case Pointwise.Unary _, Pointwise.Affine _, Pointwise.Binary _, Pointwise.Gated _ -> true;
            case Pointwise.UnaryBackward _, Pointwise.GatedBackward _ -> false;
        };
    }

    private static boolean movement(Movement m) {
        return switch (m) {
            case Movement.Concat _, Movement.Slice _, Movement.Repeat _, Movement.Reshape _, Movement.Permute _, Movement.Upsample _,
                    Movement.AveragePool _, Movement.Ramp _ -> true;
            case Movement.UpsampleBackward _, Movement.Accumulate _, Movement.Assign _, Movement.GatherImages _ -> false;
        };
    }
}
