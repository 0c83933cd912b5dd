package sirocco.train;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.api.DType;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.model.DropoutSource;
import sirocco.model.UNet;
import sirocco.model.UNetConfig;

/**
 * A whole training step as one graph (Ho et al. 2020, algorithm 1): pixels in, noising, U-Net, loss, reverse pass, clipping, Adam and
 * moving average. The host writes images (or which of the dataset's), labels, rng and hyper before a step, and may read the history after it.
 *
 * <p>With gradient accumulation the graph has two phases: {@value #GRADIENTS}, which is run once for each micro-batch of n images and adds to the
 * gradients, and {@value #UPDATE}. The weight of each image's error, a column of the schedule, is then divided by the number of micro-batches, so
 * that the sum of the gradients is the gradient of the mean over the batch, and the sum of the losses is that mean.
 *
 * @param images U8 [n,h,w,c], written by the host if there is no dataset
 * @param resident where the images come from a dataset that lies on the device
 * @param labels I32 [n,1,1,1]; empty for an unconditional model
 * @param rng I32 (seed low, seed high, step, 0)
 * @param index I32 [n,1,1,1]: the number of each image in the whole batch, by which its noise is addressed
 * @param schedule F32 [T,1,1,8], see {@link sirocco.api.Diffusion.Noising}
 * @param hyper F32 [1,1,1,16], see {@link sirocco.api.Optimizer.AdamEma}
 * @param history F32 [{@value #HISTORY},1,1,2]: loss, the mean over the batch, and the gradient's norm before clipping of the last steps; that of
 *     step s in row s mod {@value #HISTORY}
 * @param failed I32 scalar: 0, or 1 since a step whose loss or norm was no finite number, from which on the weights have not changed
 * @param accumulation where the step has two phases; the losses in the history are then undefined, and are found there
 */
record TrainGraph(Graph graph, Value images, Optional<Resident> resident, Optional<Value> labels, Value rng, Value index, Value schedule,
                  Value hyper, Value history, Value failed, Optional<Accumulation> accumulation) {
    /** The phase of a micro-batch's forward and reverse pass. */
    static final String GRADIENTS = "gradients";

    /** The phase of clipping, Adam and moving average. */
    static final String UPDATE = "update";

    /** What the names of the moving averages begin with. */
    static final String EMA = "ema.";

    /** Steps that the host may let pass before it looks at their losses. */
    static final int HISTORY = 256;

    /**
     * @param dataset U8 [size,h,w,c]
     * @param ids I32 [n,1,1,1], the numbers of the batch's images
     */
    record Resident(Value dataset, Value ids) { }

    /**
     * @param count micro-batches in a step
     * @param row I32 (0, 0, row of losses that the micro-batch's loss is written to, 0)
     * @param losses F32 [{@value #HISTORY}·count,1,1,2]: twice the loss of each micro-batch of the last steps, divided by count
     */
    record Accumulation(int count, Value row, Value losses) {
        /** The row of a micro-batch's loss. */
        int row(long step, int number) {
            return (int) (step % HISTORY) * count + number;
        }
    }

    /**
     * @param batch n, the images of a micro-batch if there are several, else of the batch
     * @param timesteps T
     * @param flip flip images at random
     * @param labelDrop probability that a label becomes the null class; used by class-conditional models only
     * @param size images of the dataset, if it is to lie on the device
     * @param microBatches the number of them in a step; empty for a step of a single phase
     */
    static TrainGraph of(UNet model, int batch, int timesteps, boolean flip, double labelDrop, OptionalInt size, OptionalInt microBatches) {
        GraphBuilder g = new GraphBuilder();
        if (microBatches.isPresent()) {
            g.phase(GRADIENTS);
        }
        UNetConfig config = model.config();
        Shape shape = new Shape(batch, config.height(), config.width(), config.inChannels());
        Optional<Resident> resident = size.isEmpty() ? Optional.empty()
                : Optional.of(new Resident(g.input("dataset", shape.withN(size.getAsInt()), DType.U8), g.input("ids", Shape.features(batch, 1), DType.I32)));
        Value images = resident.map(r -> g.in("batch", () -> g.gatherImages(r.dataset, r.ids))).orElseGet(() -> g.input("images", shape, DType.U8));
        Value rng = g.input("rng", Shape.vector(4), DType.I32);
        Value index = g.input("index", Shape.features(batch, 1), DType.I32);
        Value schedule = g.input("schedule", new Shape(timesteps, 1, 1, 8), DType.F32);
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        Optional<Value> labels = config.numClassEmbeds().isPresent()
                ? Optional.of(g.input("labels", Shape.features(batch, 1), DType.I32)) : Optional.empty();
        Value history = g.state("history", new Shape(HISTORY, 1, 1, 2), DType.F32);
        Value failed = g.state("failed", Shape.vector(1), DType.I32);
        Optional<Accumulation> accumulation = microBatches.isEmpty() ? Optional.empty()
                : Optional.of(new Accumulation(microBatches.getAsInt(), g.input("row", Shape.vector(4), DType.I32),
                        g.state("losses", new Shape(Math.multiplyExact(HISTORY, microBatches.getAsInt()), 1, 1, 2), DType.F32)));

        var noised = g.in("noising", () -> g.noising(images, schedule, rng, index, flip));
        Optional<Value> seen = labels.map(l -> labelDrop == 0 ? l
                : g.in("label_drop", () -> g.dropLabels(l, rng, index, (float) labelDrop, config.numClassEmbeds().getAsInt() - 1)));
        Value prediction = model.apply(g, noised.xt(), noised.t(), seen, Optional.of(new DropoutSource(rng, index)));
        Value loss = g.in("loss", () -> g.mseLoss(prediction, noised.target(), Optional.of(noised.weight())));
        accumulation.ifPresent(a -> g.in("loss", () -> g.recordStep(loss, loss, a.row, a.losses, failed)));
        Map<Value, Value> gradients = Gradients.ofParameters(g, loss);
        if (accumulation.isPresent()) {
            g.phase(UPDATE);
        }
        // A loss that was not finite has set failed, whichever micro-batch it came from.
        g.adamEma(gradients, hyper, norm -> g.recordStep(accumulation.isPresent() ? norm : loss, norm, rng, history, failed));
        return new TrainGraph(g.build(), images, resident, labels, rng, index, schedule, hyper, history, failed, accumulation);
    }

    /** The state in which a parameter's gradient accumulates. */
    Value gradient(Value parameter) {
        return graph.find("grad." + parameter.name());
    }

    /** Everything else that the optimizer keeps for a parameter from step to step: Adam's moments and the moving average. */
    List<Value> optimizerStates(Value parameter) {
        return List.of(graph.find("adam.m." + parameter.name()), graph.find("adam.v." + parameter.name()),
                graph.find(EMA + parameter.name()));
    }
}
