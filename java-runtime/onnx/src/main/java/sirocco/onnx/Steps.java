package sirocco.onnx;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
import sirocco.onnx.proto.AttributeProto;

/** Writes each step of a lowered network as nodes. */
final class Steps {
    private static final String UPDATES = "it changes a state in place";
    private static final String DRAWS = "it draws random numbers";

    private final Writer w;
    private final Optional<Softmax> softmax;
    private final PointwiseNodes pointwise;
    private final MovementNodes movement;
    private final ConvolutionNodes convolution;
    private final ProductNodes product;
    private final TableNodes tables;
    private final NormalizationNodes normalization;
    private final Map<String, String> refused = new TreeMap<>();

    /** @param mapped whether ONNX's operators for fused ops may be used */
    Steps(Writer w, boolean mapped) {
        this.w = w;
        softmax = mapped ? Optional.of(Softmax.in(w.recorded)) : Optional.empty();
        pointwise = new PointwiseNodes(w);
        movement = new MovementNodes(w);
        convolution = new ConvolutionNodes(w);
        product = new ProductNodes(w);
        tables = new TableNodes(w);
        normalization = new NormalizationNodes(w, pointwise);
    }

    /**
     * Writes all steps.
     *
     * @throws UnsupportedOperationException listing every kind of op that cannot be exported
     */
    void write() {
        List<Step> steps = w.recorded.steps();
        steps.forEach(this::check);
        if (!refused.isEmpty()) {
            throw new UnsupportedOperationException("export: the network has steps that cannot be written to an ONNX file: " + String.join("; ", refused.values())
                    + ". Export a forward pass.");
        }
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            w.nodes.at(step.name());
            w.sizes.at(step);
            Optional<Softmax.Match> match = softmax.flatMap(s -> s.at(step.op()));
            if (match.isPresent()) {
                softmax(match.get());
            } else if (softmax.isEmpty() || !softmax.get().covers(step.op())) {
                write(i, step);
            }
        }
    }

    private void softmax(Softmax.Match m) {
        Order o = w.order(m.y(), List.of(m.x()));
        w.tensors.define(m.y(), o, w.nodes.node("Softmax", w.tensors.in(m.x(), o), AttributeProto.of("axis", o.position(m.axis()))));
    }

    private void check(Step step) {
        Op op = step.op();
        if (!op.updates().isEmpty()) {
            refuse(step, UPDATES);
        } else if (op instanceof Random || op instanceof Diffusion.Pixels p && p.flip()) {
            refuse(step, DRAWS);
        } else if (op instanceof Optimizer) {
            refuse(step, "it belongs to an optimizer");
        }
    }

    private void refuse(Step step, String because) {
        refused.putIfAbsent(step.op().kind(), step + " (" + because + ")");
    }

    private void write(int number, Step step) {
        switch (step.op()) {
            case Convolution c -> write(c);
            case Product.MatMul op -> product.matMul(op);
            case Reduction.Reduce op -> product.reduce(op);
            case Pointwise p -> write(p);
            case Movement m -> write(number, step, m);
            case Normalization n -> write(n);
            case Conditioning.Embedding op -> tables.embedding(op);
            case Diffusion.Combine op -> tables.combine(op);
            case Diffusion.Lookup op -> tables.lookup(op);
            case Diffusion.Pixels op -> tables.pixels(op);
            case Loss.CrossEntropy op -> tables.crossEntropy(op);
            case Loss.CrossEntropyBackward op -> tables.crossEntropyBackward(op);
            case Attention _, Conditioning.TimestepEmbedding _, Loss.MseLoss _, Loss.MseLossBackward _, Diffusion.Noising _, Diffusion.Guidance _,
                    Diffusion.SamplingStep _ -> throw fused(step);
            case Conditioning.EmbeddingBackward _, Diffusion.Advance _, Random _, Optimizer _ -> throw checked(step);
        }
    }

    private void write(Convolution c) {
        switch (c) {
            case Convolution.Conv2d op -> convolution.forward(op);
            case Convolution.Conv2dBackwardData op -> convolution.backwardData(op);
            case Convolution.Conv2dBackwardWeights op -> throw checked(op);
        }
    }

    private void write(Pointwise p) {
        if (w.constants.fold(p)) {
            return;
        }
        switch (p) {
            case Pointwise.Unary op -> pointwise.unary(op);
            case Pointwise.UnaryBackward op -> pointwise.backward(op);
            case Pointwise.Affine op -> pointwise.affine(op);
            case Pointwise.Binary op -> pointwise.binary(op);
            case Pointwise.Gated _, Pointwise.GatedBackward _ -> throw fused(p);
        }
    }

    private void write(int number, Step step, Movement m) {
        if (w.constants.fold(m)) {
            return;
        }
        switch (m) {
            case Movement.Concat op -> movement.concat(op);
            case Movement.Slice op -> movement.slice(op, w.recorded.from(number));
            case Movement.Repeat op -> movement.repeat(step, op);
            case Movement.Reshape op -> movement.reshape(op);
            case Movement.Permute op -> movement.permute(op);
            case Movement.Ramp op -> movement.ramp(op);
            case Movement.GatherImages op -> movement.gatherImages(op);
            case Movement.Upsample op -> movement.upsample(op);
            case Movement.AveragePool op -> movement.averagePool(op);
            case Movement.UpsampleBackward _ -> throw fused(m);
            case Movement.Accumulate _, Movement.Assign _ -> throw checked(m);
        }
    }

    private void write(Normalization n) {
        switch (n) {
            case Normalization.GroupNorm op -> normalization.groupNorm(op);
            case Normalization.LayerNorm op -> normalization.layerNorm(op);
            case Normalization.GroupNormBackward _, Normalization.LayerNormBackward _ -> throw fused(n);
        }
    }

    private static IllegalStateException fused(Object op) {
        return new IllegalStateException("export: " + op + " is a fused op, which should have been lowered");
    }

    private static IllegalStateException checked(Object op) {
        return new IllegalStateException("export: " + op + " should have been refused");
    }
}
