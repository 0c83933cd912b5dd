package sirocco.cpu;

import java.util.function.Function;
import java.util.function.Predicate;
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
import sirocco.api.Step;
import sirocco.api.Value;

/** Makes the kernel of each op, by the makers of a subject. */
final class KernelFactory {
    private final ConvKernels convolutions;
    private final NormAttentionKernels norms;
    private final PointwiseKernels pointwise;
    private final ProductKernels products;
    private final MovementKernels movements;
    private final DiffusionKernels diffusion;
    private final OptimizerKernels optimizer;

    /** @param kept whether a value stays the same from run to run */
    KernelFactory(Layouts layouts, Predicate<Value> kept, Workers workers) {
        convolutions = new ConvKernels(layouts, kept, workers);
        norms = new NormAttentionKernels(layouts, workers);
        pointwise = new PointwiseKernels(layouts, workers);
        products = new ProductKernels(layouts, workers);
        movements = new MovementKernels(layouts, workers);
        diffusion = new DiffusionKernels(layouts, workers);
        optimizer = new OptimizerKernels(layouts, workers);
    }

    /** Makes one op's kernel by the makers of a factory. */
    private interface Maker extends Function<KernelFactory, Kernel> { }

    /** Whether there is a kernel for an op. An op without one is lowered if it is fused, and refused by name if it is a primitive. */
    static boolean supports(Op op) {
        return maker(op) != null;
    }

    /** @throws IllegalStateException for an op without a kernel, which {@link #supports} keeps out of a plan */
    Kernel of(Step step) {
        Maker maker = maker(step.op());
        if (maker == null) {
            throw new IllegalStateException("cpu: no kernel for " + step.op().kind() + ". Lower the graph before it is planned.");
        }
        return maker.apply(this);
    }

    /** The maker of an op's kernel; null for an op without one. A new op does not compile until it is stated here which of the two it is. */
    private static Maker maker(Op any) {
        return switch (any) {
            case Convolution.Conv2d op -> f -> f.convolutions.forward(op);
            case Convolution.Conv2dBackwardData op -> f -> f.convolutions.backwardData(op);
            case Convolution.Conv2dBackwardWeights op -> f -> f.convolutions.backwardWeights(op);
            case Normalization.GroupNorm op -> f -> f.norms.groupNorm(op);
            case Normalization.GroupNormBackward op -> f -> f.norms.groupNormBackward(op);
            case Normalization.LayerNorm op -> f -> f.norms.layerNorm(op);
            case Normalization.LayerNormBackward op -> f -> f.norms.layerNormBackward(op);
            case Attention.Forward op -> f -> f.norms.attention(op);
            case Attention.Backward op -> f -> f.norms.attentionBackward(op);
            case Pointwise.Unary op -> f -> f.pointwise.unary(op);
            case Pointwise.UnaryBackward op -> f -> f.pointwise.unaryBackward(op);
            case Pointwise.Affine op -> f -> f.pointwise.affine(op);
            case Pointwise.Binary op -> f -> f.pointwise.binary(op);
            case Pointwise.Gated op -> f -> f.pointwise.gated(op);
            case Pointwise.GatedBackward op -> f -> f.pointwise.gatedBackward(op);
            case Product.MatMul op -> f -> f.products.matMul(op);
            case Reduction.Reduce op -> f -> f.products.reduce(op);
            case Movement.Concat op -> f -> f.movements.concat(op);
            case Movement.Slice op -> f -> f.movements.slice(op);
            case Movement.Repeat op -> f -> f.movements.repeat(op);
            case Movement.Reshape op -> f -> f.movements.copy(op.x(), op.y());
            case Movement.Permute op -> f -> f.movements.permute(op);
            case Movement.Upsample op -> f -> f.movements.upsample(op);
            case Movement.UpsampleBackward op -> f -> f.movements.upsampleBackward(op);
            case Movement.AveragePool op -> f -> f.movements.averagePool(op);
            case Movement.Ramp op -> f -> f.movements.ramp(op);
            case Movement.Accumulate op -> f -> f.movements.accumulate(op);
            case Movement.Assign op -> f -> f.movements.copy(op.x(), op.into());
            case Movement.GatherImages op -> _ -> DiffusionKernels.gatherImages(op);
            case Random.Dropout op -> f -> f.diffusion.dropout(op);
            case Random.DropLabels op -> _ -> DiffusionKernels.dropLabels(op);
            case Random.Draw op -> f -> f.diffusion.draw(op);
            case Random.DrawTimestep op -> _ -> DiffusionKernels.drawTimestep(op);
            case Conditioning.TimestepEmbedding op -> f -> f.diffusion.timestepEmbedding(op);
            case Conditioning.Embedding op -> f -> f.diffusion.embedding(op);
            case Conditioning.EmbeddingBackward op -> f -> f.diffusion.embeddingBackward(op);
            case Loss.MseLoss op -> f -> f.diffusion.mseLoss(op);
            case Loss.MseLossBackward op -> f -> f.diffusion.mseLossBackward(op);
            case Loss.CrossEntropy op -> f -> f.diffusion.crossEntropy(op);
            case Loss.CrossEntropyBackward op -> f -> f.diffusion.crossEntropyBackward(op);
            case Diffusion.Noising op -> f -> f.diffusion.noising(op);
            case Diffusion.Lookup op -> _ -> DiffusionKernels.lookup(op);
            case Diffusion.Guidance op -> f -> f.diffusion.guidance(op);
            case Diffusion.SamplingStep op -> f -> f.diffusion.samplingStep(op);
            case Diffusion.Combine op -> f -> f.diffusion.combine(op);
            case Diffusion.Advance op -> _ -> DiffusionKernels.advance(op);
            case Diffusion.Pixels op -> f -> f.diffusion.pixels(op);
            case Optimizer.GradientNorm op -> f -> f.optimizer.gradientNorm(op);
            case Optimizer.RecordStep op -> _ -> OptimizerKernels.recordStep(op);
            case Optimizer.AdamEma op -> f -> f.optimizer.adamEma(op);
            case Optimizer.Average op -> f -> f.optimizer.average(op);
        };
    }
}
