package sirocco.tornado.kernel;

import sirocco.api.Op;

/** Makes the kernel of each op. */
public final class KernelFactory {
    private KernelFactory() { }

    /** @throws UnsupportedOperationException for an op that there is no kernel for */
    public static Kernel of(Op any) {
        return switch (any) {
            case Op.Conv2d op -> Convolution.of(op);
            case Op.Conv2dBackwardData op -> Convolution.of(op);
            case Op.Conv2dBackwardWeights op -> Convolution.of(op);

            case Op.GroupNorm op -> GroupNorms.of(op);
            case Op.GroupNormBackward op -> GroupNorms.of(op);
            case Op.Silu op -> Pointwise.of(op);
            case Op.SiluBackward op -> Pointwise.of(op);
            case Op.Attention op -> Attentions.of(op);
            case Op.AttentionBackward op -> missing(op);

            case Op.Add op -> Pointwise.of(op);
            case Op.Concat op -> missing(op);
            case Op.Slice op -> missing(op);
            case Op.Upsample op -> missing(op);
            case Op.UpsampleBackward op -> missing(op);
            case Op.SumPixels op -> missing(op);
            case Op.Dropout op -> missing(op);
            case Op.Repeat op -> missing(op);

            case Op.TimestepEmbedding op -> missing(op);
            case Op.Embedding op -> missing(op);
            case Op.EmbeddingBackward op -> missing(op);
            case Op.DropLabels op -> missing(op);

            case Op.GatherImages op -> missing(op);
            case Op.Noising op -> missing(op);
            case Op.MseLoss op -> missing(op);
            case Op.MseLossBackward op -> missing(op);
            case Op.ChainTimestep op -> missing(op);
            case Op.Guidance op -> Pointwise.of(op);
            case Op.SamplingStep op -> missing(op);

            case Op.GradientNorm op -> missing(op);
            case Op.RecordStep op -> missing(op);
            case Op.AdamEma op -> missing(op);
        };
    }

    private static Kernel missing(Op op) {
        throw new UnsupportedOperationException(op.kind());
    }
}
