package sirocco.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.api.DType;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Column;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.Objective;
import sirocco.diffusion.TrainingLoss;
import sirocco.diffusion.TrainingStep;
import sirocco.nn.Condition;
import sirocco.nn.Network;

/**
 * A whole training step as one graph: the batch's columns in, objective, reverse pass, clipping, Adam and moving average. Before a step the host writes the
 * columns (or which samples of a dataset on the device), rng, hyper and what the inputs write before each step; it may read the history after it.
 *
 * <p>With gradient accumulation the graph has two phases: {@value #GRADIENTS}, which is run once for each micro-batch of n images and adds to the
 * gradients, and {@value #UPDATE}. The loss of a micro-batch is divided by the number of micro-batches, so that the sum of the gradients is the gradient of
 * the mean over the batch, and the sum of the losses is that mean.
 *
 * @param columns the columns that the host writes, by their inputs
 * @param resident where columns come from a dataset that lies on the device
 * @param inputs the tables of the objective, and what it has the host write before each step
 * @param key rng I32 (seed low, seed high, step, 0); index I32 [n,1,1,1]: the number of each image in the whole batch, by which its noise is addressed
 * @param hyper F32 [1,1,1,16], see {@link sirocco.api.Optimizer.AdamEma}
 * @param history F32 [{@value #HISTORY},1,1,2]: loss, the mean over the batch, and the gradient's norm before clipping of the last steps; that of
 *     step s in row s mod {@value #HISTORY}
 * @param failed I32 scalar: 0, or 1 since a step whose loss or norm was no finite number, from which on the weights have not changed
 * @param parts the named parts of the loss: for each F32 [rows,1,1,2], twice the part, in the rows of {@code history}, or of the accumulation's losses
 * @param accumulation where the step has two phases; the losses in the history are then undefined, and are found there
 */
record TrainGraph(Graph graph, Map<Column, Value> columns, Optional<Resident> resident, HostInputs inputs, RandomKey key, Value hyper, Value history,
                  Value failed, Map<String, Value> parts, Optional<Accumulation> accumulation) {
    /** The phase of a micro-batch's forward and reverse pass. */
    static final String GRADIENTS = "gradients";

    /** The phase of clipping, Adam and moving average. */
    static final String UPDATE = "update";

    /** What the names of the moving averages begin with. */
    static final String EMA = "ema.";

    /** Steps that the host may let pass before it looks at their losses. */
    static final int HISTORY = 256;

    /**
     * @param datasets U8 [size,h,w,c] of each column that lies on the device
     * @param ids I32 [n,1,1,1], the numbers of the batch's samples
     */
    record Resident(Map<Column, Value> datasets, Value ids) { }

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
     * What is trained.
     *
     * @param network with its conditions, which are columns of the samples or follow from them
     * @param drop probability that a condition becomes the null condition
     * @param flip flip images at random
     */
    record Task(Network network, ForwardProcess process, Objective objective, double drop, boolean flip) { }

    /**
     * @param batch n, the images of a micro-batch if there are several, else of the batch
     * @param offered the columns of the samples
     * @param size samples of the dataset, if it is to lie on the device
     * @param microBatches the number of them in a step; empty for a step of a single phase
     * @throws IllegalArgumentException if the samples lack a column that the network or the objective reads
     */
    static TrainGraph of(Task task, int batch, List<Column> offered, OptionalInt size, OptionalInt microBatches) {
        GraphBuilder g = new GraphBuilder();
        if (microBatches.isPresent()) {
            g.phase(GRADIENTS);
        }
        BatchColumns columns = new BatchColumns(g, batch, offered, size);
        RandomKey key = new RandomKey(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(batch, 1), DType.I32));
        Value hyper = g.input("hyper", Shape.vector(16), DType.F32);
        Value history = g.state("history", new Shape(HISTORY, 1, 1, 2), DType.F32);
        Value failed = g.state("failed", Shape.vector(1), DType.I32);
        Optional<Accumulation> accumulation = microBatches.isEmpty() ? Optional.empty()
                : Optional.of(new Accumulation(microBatches.getAsInt(), g.input("row", Shape.vector(4), DType.I32),
                        g.state("losses", new Shape(Math.multiplyExact(HISTORY, microBatches.getAsInt()), 1, 1, 2), DType.F32)));

        Recording step = new Recording(g, task, key, columns, new HostInputs());
        TrainingLoss losses = task.objective.record(step);
        int count = accumulation.map(Accumulation::count).orElse(1);
        Value loss = share(g, losses.total(), count);
        accumulation.ifPresent(a -> g.in("loss", () -> g.recordStep(loss, loss, a.row, a.losses, failed)));
        Map<String, Value> parts = new LinkedHashMap<>();
        losses.parts().forEach((name, v) -> {
            Value rows = g.state("loss." + name, new Shape(Math.multiplyExact(HISTORY, count), 1, 1, 2), DType.F32);
            Value part = share(g, v, count);
            g.in("loss." + name, () -> g.recordStep(part, part, accumulation.map(Accumulation::row).orElse(key.rng()), rows, failed));
            parts.put(name, rows);
        });
        Map<Value, Value> gradients = Gradients.ofParameters(g, loss);
        if (accumulation.isPresent()) {
            g.phase(UPDATE);
        }
        // A loss that was not finite has set failed, whichever micro-batch it came from.
        g.adamEma(gradients, hyper, norm -> g.recordStep(accumulation.isPresent() ? norm : loss, norm, key.rng(), history, failed));
        return new TrainGraph(g.build(), columns.written(), columns.resident(), step.inputs, key, hyper, history, failed, parts, accumulation);
    }

    /** A micro-batch's share of a mean over the batch. */
    private static Value share(GraphBuilder g, Value mean, int microBatches) {
        return microBatches == 1 ? mean : g.in("loss", () -> g.scale(mean, 1.0 / microBatches));
    }

    /** The step as the objective sees it. */
    private static final class Recording implements TrainingStep {
        private final GraphBuilder g;
        private final Task task;
        private final RandomKey key;
        private final BatchColumns columns;
        private final HostInputs inputs;
        private final Map<Condition, Value> conditions = new LinkedHashMap<>();

        Recording(GraphBuilder g, Task task, RandomKey key, BatchColumns columns, HostInputs inputs) {
            this.g = g;
            this.task = task;
            this.key = key;
            this.columns = columns;
            this.inputs = inputs;
        }

        @Override
        public GraphBuilder graph() {
            return g;
        }

        @Override
        public ForwardProcess process() {
            return task.process;
        }

        @Override
        public RandomKey key() {
            return key;
        }

        @Override
        public HostInputs inputs() {
            return inputs;
        }

        @Override
        public boolean flip() {
            return task.flip;
        }

        @Override
        public Value column(String name) {
            return columns.get(name);
        }

        @Override
        public Value evaluate(Value x, Value t) {
            for (Condition c : task.network.conditions()) {
                if (!conditions.containsKey(c)) {
                    Value given = c.ofSamples(g, columns::get, key, task.flip);
                    conditions.put(c, task.drop == 0 ? given : g.in(c.column().name() + "_drop", () -> c.drop(g, given, key, task.drop)));
                }
            }
            return task.network.apply(g, x, t, conditions, Optional.of(key));
        }
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
