package sirocco.cpu;

import sirocco.api.Attention;
import sirocco.api.Conditioning;
import sirocco.api.Convolution;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Lowering;
import sirocco.api.Movement;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Optimizer;
import sirocco.api.Pointwise;
import sirocco.api.Product;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Step;
import sirocco.cpu.pointwise.Guidance;
import sirocco.cpu.pointwise.TimeEmbedding;

/** Makes the kernel of each op, by the makers of a subject. */
final class KernelFactory {
    private final Layouts layouts;
    private final Workers workers;
    private final ConvKernels convolutions;
    private final NormAttentionKernels norms;
    private final PointwiseKernels pointwise;
    private final ProductKernels products;
    private final MovementKernels movements;
    private final DiffusionKernels diffusion;
    private final OptimizerKernels optimizer;

    KernelFactory(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
        convolutions = new ConvKernels(layouts, workers);
        norms = new NormAttentionKernels(layouts, workers);
        pointwise = new PointwiseKernels(layouts, workers);
        products = new ProductKernels(layouts, workers);
        movements = new MovementKernels(layouts, workers);
        diffusion = new DiffusionKernels(layouts, workers);
        optimizer = new OptimizerKernels(layouts, workers);
    }

    /** Whether there is a kernel for an op: for every primitive, and for these fused ops. A new fused op is lowered until it is one of them. */
    static boolean supports(Op any) {
        return switch (any) {
            case Convolution.Conv2d _, Convolution.Conv2dBackwardWeights _, Attention.Forward _, Attention.Backward _, Normalization.GroupNorm _,
                    Normalization.GroupNormBackward _, Normalization.LayerNorm _, Normalization.LayerNormBackward _, Pointwise.Gated _,
                    Pointwise.GatedBackward _, Movement.Upsample _, Movement.UpsampleBackward _, Movement.AveragePool _, Random.Dropout _,
                    Conditioning.TimestepEmbedding _, Loss.MseLoss _, Loss.MseLossBackward _, Diffusion.Noising _, Diffusion.Guidance _,
                    Diffusion.SamplingStep _ -> true;
            default -> Lowering.isPrimitive(any);
        };
    }

    Kernel of(Step step) {
        return switch (step.op()) {
            case Convolution.Conv2d op -> convolutions.forward(op);
            case Convolution.Conv2dBackwardData op -> convolutions.backwardData(op);
            case Convolution.Conv2dBackwardWeights op -> convolutions.backwardWeights(op);
            case Normalization.GroupNorm op -> norms.groupNorm(op);
            case Normalization.GroupNormBackward op -> norms.groupNormBackward(op);
            case Normalization.LayerNorm op -> norms.layerNorm(op);
            case Normalization.LayerNormBackward op -> norms.layerNormBackward(op);
            case Attention.Forward op -> norms.attention(op);
            case Attention.Backward op -> norms.attentionBackward(op);
            case Pointwise op -> pointwise.of(op);
            case Product.MatMul op -> products.matMul(op);
            case Reduction.Reduce op -> products.reduce(op);
            case Movement op -> movements.of(op);
            case Random.Dropout op -> diffusion.dropout(op);
            case Random.DropLabels op -> DiffusionKernels.dropLabels(op);
            case Random.Draw op -> diffusion.draw(op);
            case Random.DrawTimestep op -> DiffusionKernels.drawTimestep(op);
            case Conditioning.TimestepEmbedding op -> Kernel.unary(
                    new TimeEmbedding(layouts.of(op.y()), op.flipSinToCos(), op.freqShift(), op.maxPeriod(), workers)::run, op.t(), op.y());
            case Conditioning.Embedding op -> diffusion.embedding(op);
            case Conditioning.EmbeddingBackward op -> diffusion.embeddingBackward(op);
            case Loss.MseLoss op -> diffusion.mseLoss(op);
            case Loss.MseLossBackward op -> diffusion.mseLossBackward(op);
            case Loss.CrossEntropy op -> diffusion.crossEntropy(op);
            case Loss.CrossEntropyBackward op -> diffusion.crossEntropyBackward(op);
            case Diffusion.Noising op -> diffusion.noising(op);
            case Diffusion.Lookup op -> DiffusionKernels.lookup(op);
            case Diffusion.Guidance op -> Kernel.binary(new Guidance(layouts.of(op.x()), layouts.of(op.y()), workers)::run, op.x(), op.scale(), op.y());
            case Diffusion.SamplingStep op -> diffusion.samplingStep(op);
            case Diffusion.Combine op -> diffusion.combine(op);
            case Diffusion.Advance op -> DiffusionKernels.advance(op);
            case Diffusion.Pixels op -> diffusion.pixels(op);
            case Optimizer.GradientNorm op -> optimizer.gradientNorm(op);
            case Optimizer.RecordStep op -> OptimizerKernels.recordStep(op);
            case Optimizer.AdamEma op -> optimizer.adamEma(op);
            case Optimizer.Average op -> optimizer.average(op);
            default -> throw without(step.op());
        };
    }

    /** The error for an op that should not have reached a plan. */
    static IllegalStateException without(Op op) {
        return new IllegalStateException("cpu: no kernel for " + op.kind());
    }
}
