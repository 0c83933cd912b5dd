package sirocco.tornado.kernel;

import sirocco.api.Op;
import sirocco.api.Settings.Precision;

/** Makes the kernel of each op. */
public final class KernelFactory {
    private KernelFactory() { }

    /** @param precision of products: BF16 where the device's tensor cores are to compute those of convolutions and attention */
    public static Kernel of(Op any, Precision precision) {
        return switch (any) {
            case Op.Conv2d op -> Convolution.of(op, precision);
            case Op.Conv2dBackwardData op -> Convolution.of(op, precision);
            case Op.Conv2dBackwardWeights op -> Convolution.of(op, precision);

            case Op.GroupNorm op -> GroupNorms.of(op);
            case Op.GroupNormBackward op -> GroupNorms.of(op);
            case Op.Silu op -> Pointwise.of(op);
            case Op.SiluBackward op -> Pointwise.of(op);
            case Op.Attention op -> Attentions.of(op, precision);
            case Op.AttentionBackward op -> Attentions.of(op, precision);

            case Op.Add op -> Pointwise.of(op);
            case Op.Concat op -> Moves.of(op);
            case Op.Slice op -> Moves.of(op);
            case Op.Upsample op -> Moves.of(op);
            case Op.UpsampleBackward op -> Moves.of(op);
            case Op.SumPixels op -> Sums.of(op);
            case Op.Dropout op -> Conditioning.of(op);
            case Op.Repeat op -> Moves.of(op);

            case Op.TimestepEmbedding op -> Conditioning.of(op);
            case Op.Embedding op -> Conditioning.of(op);
            case Op.EmbeddingBackward op -> Conditioning.of(op);
            case Op.DropLabels op -> Conditioning.of(op);

            case Op.GatherImages op -> Moves.of(op);
            case Op.Noising op -> Diffusion.of(op);
            case Op.MseLoss op -> Sums.of(op);
            case Op.MseLossBackward op -> Sums.of(op);
            case Op.ChainTimestep op -> Diffusion.of(op);
            case Op.Guidance op -> Pointwise.of(op);
            case Op.SamplingStep op -> Diffusion.of(op);

            case Op.GradientNorm op -> Sums.of(op);
            case Op.RecordStep op -> Optimizer.of(op);
            case Op.AdamEma op -> Optimizer.of(op);
        };
    }
}
