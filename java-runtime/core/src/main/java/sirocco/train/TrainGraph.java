package sirocco.train;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Backward;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.model.DropoutSource;
import sirocco.model.UNet;
import sirocco.model.UNetConfig;

/**
 * A whole training step as one graph (Ho et al. 2020, algorithm 1): pixels in, noising, U-Net, loss, reverse pass, clipping, Adam and
 * moving average. The host writes images, labels, rng and hyper before a step, and may read loss and norm after it.
 *
 * @param images U8 [n,h,w,c]
 * @param labels I32 [n,1,1,1]; empty for an unconditional model
 * @param rng I32 (seed low, seed high, step, 0)
 * @param index I32 [n,1,1,1]: the noise each image of the batch gets; 0 … n − 1
 * @param schedule F32 [T,1,1,8], see {@link sirocco.api.Op.Noising}
 * @param hyper F32 [1,1,1,16], see {@link sirocco.api.Op.AdamEma}
 * @param loss F32 scalar, the mean over the batch
 * @param norm F32 scalar, the gradient's norm before clipping
 */
record TrainGraph(Graph graph, Value images, Optional<Value> labels, Value rng, Value index, Value schedule, Value hyper, Value loss, Value norm) {
    /** What the names of the moving averages begin with. */
    static final String EMA = "ema.";

    /**
     * @param timesteps T
     * @param flip flip images at random
     * @param labelDrop probability that a label becomes the null class; used by class-conditional models only
     */
    static TrainGraph of(UNet model, int batch, int timesteps, boolean flip, double labelDrop) {
        GraphBuilder g = new GraphBuilder();
        UNetConfig config = model.config();
        Value images = g.input("images", new Shape(batch, config.height(), config.width(), config.inChannels()), DType.U8);
        Value rng = g.input("rng", Shape.vector(4), DType.I32);
        Value index = g.input("index", Shape.features(batch, 1), DType.I32);
        Value schedule = g.input("schedule", new Shape(timesteps, 1, 1, 8), DType.F32);
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        Optional<Value> labels = config.numClassEmbeds().isPresent()
                ? Optional.of(g.input("labels", Shape.features(batch, 1), DType.I32)) : Optional.empty();

        var noised = g.in("noising", () -> g.noising(images, schedule, rng, index, flip));
        Optional<Value> seen = labels.map(l -> labelDrop == 0 ? l
                : g.in("label_drop", () -> g.dropLabels(l, rng, index, (float) labelDrop, config.numClassEmbeds().getAsInt() - 1)));
        Value prediction = model.apply(g, noised.xt(), noised.t(), seen, Optional.of(new DropoutSource(rng, index)));
        Value loss = g.output(g.in("loss", () -> g.mseLoss(prediction, noised.target(), Optional.of(noised.weight()))));
        Map<Value, Value> gradients = Backward.of(g, loss);
        Value norm = g.output(g.adamEma(gradients, hyper));
        return new TrainGraph(g.build(), images, labels, rng, index, schedule, hyper, loss, norm);
    }

    /** Everything else that the optimizer keeps for a parameter from step to step: Adam's moments and the moving average. */
    List<Value> optimizerStates(Value parameter) {
        return List.of(graph.find("adam.m." + parameter.name()), graph.find("adam.v." + parameter.name()),
                graph.find(EMA + parameter.name()));
    }
}
