package sirocco.cuda.kernel;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sirocco.api.Op;
import sirocco.api.Step;

/** Makes the kernel of each op. */
public final class KernelFactory {
    private final Pointwise pointwise;
    private final Moves moves;
    private final Sums sums;
    private final Conditioning conditioning;
    private final Diffusion diffusion;
    private final Optimizer optimizer;
    private final Convolutions convolutions;
    private final Norms norms;
    private final Attentions attentions;
    private final Conversions conversions;

    public KernelFactory(Target target, KernelRule rule, Layout layout) {
        conversions = new Conversions(layout, target.activations());
        pointwise = new Pointwise(target);
        moves = new Moves(layout);
        sums = new Sums(target);
        conditioning = new Conditioning(target);
        diffusion = new Diffusion(target);
        optimizer = new Optimizer();
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

    private Kernel plain(Op any) {
        return switch (any) {
            case Op.Conv2d op -> convolutions.forward(op);
            case Op.Conv2dBackwardData op -> convolutions.backwardData(op);
            case Op.Conv2dBackwardWeights op -> convolutions.backwardWeights(op);

            case Op.GroupNorm op -> norms.forward(op);
            case Op.GroupNormBackward op -> norms.backward(op);
            case Op.Silu op -> pointwise.silu(op);
            case Op.SiluBackward op -> pointwise.siluBackward(op);
            case Op.Attention op -> attentions.forward(op);
            case Op.AttentionBackward op -> attentions.backward(op);

            case Op.Add op -> pointwise.add(op);
            case Op.Concat op -> moves.concat(op);
            case Op.Slice op -> moves.slice(op);
            case Op.Upsample op -> moves.upsample(op);
            case Op.UpsampleBackward op -> sums.upsampleBackward(op);
            case Op.SumPixels op -> sums.sumPixels(op);
            case Op.Dropout op -> pointwise.dropout(op);
            case Op.Repeat op -> moves.repeat(op);

            case Op.TimestepEmbedding op -> conditioning.timestepEmbedding(op);
            case Op.Embedding op -> conditioning.embedding(op);
            case Op.EmbeddingBackward op -> conditioning.embeddingBackward(op);
            case Op.DropLabels op -> conditioning.dropLabels(op);

            case Op.GatherImages op -> diffusion.gatherImages(op);
            case Op.Noising op -> diffusion.noising(op);
            case Op.MseLoss op -> diffusion.mseLoss(op);
            case Op.MseLossBackward op -> diffusion.mseLossBackward(op);
            case Op.ChainTimestep op -> diffusion.chainTimestep(op);
            case Op.Guidance op -> pointwise.guidance(op);
            case Op.SamplingStep op -> diffusion.samplingStep(op);

            case Op.GradientNorm op -> optimizer.gradientNorm(op);
            case Op.RecordStep op -> optimizer.recordStep(op);
            case Op.AdamEma op -> optimizer.adamEma(op);
        };
    }
}
