package sirocco.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.data.Batch;
import sirocco.data.Batches;
import sirocco.data.DataException;
import sirocco.data.Order;
import sirocco.diffusion.SchedulerConfig;
import sirocco.folder.ClassLabels;
import sirocco.io.AtomicFiles;
import sirocco.nn.Network;
import sirocco.nn.NonFiniteException;
import sirocco.nn.Weights;
import sirocco.pipeline.DiffusionModel;

/**
 * Trains a network for an objective. A step is one run of a graph, or one of its gradients for each micro-batch and one of its update.
 *
 * <p>A step is a function of weights, optimizer state, seed and its number alone: batches, timesteps and noise are addressed by the
 * step. So a run that was stopped and resumed computes the same bits as one that was not.
 */
public final class Trainer implements AutoCloseable {
    private final TrainSetup setup;
    private final TrainConfig config;
    private final Network model;
    private final TrainGraph graph;
    private final Plan plan;
    private final Device device;
    private final Optional<GradientHook> hook;
    private Executable executable;
    private StepRunner runner;
    /** Of the dataset's samples, what the host keeps if the dataset lies on the device. */
    private Batch kept;
    private long step;

    /** The same with the dataset where there is room for it. */
    public Trainer(TrainSetup setup, Device device) {
        this(setup, device, DataPlace.AUTO);
    }

    /** The same without a hook. */
    public Trainer(TrainSetup setup, Device device, DataPlace place) {
        this(setup, device, place, Optional.empty());
    }

    /**
     * Plans a run; {@link #start} or {@link #resume} allocates it. Setup and device stay the caller's to close.
     *
     * @param hook run in each step, after its last reverse pass and before the update
     */
    public Trainer(TrainSetup setup, Device device, DataPlace place, Optional<GradientHook> hook) {
        this.setup = setup;
        this.config = setup.config();
        this.model = setup.model();
        this.device = device;
        this.hook = hook;
        TrainGraph fed = graph(OptionalInt.empty());
        Plan fedPlan = device.plan(fed.graph());
        OptionalInt images = place.images(setup.data(), device, fedPlan.totalBytes());
        graph = images.isPresent() ? graph(images) : fed;
        plan = images.isPresent() ? device.plan(graph.graph()) : fedPlan;
    }

    private TrainGraph graph(OptionalInt images) {
        int parts = config.microBatches();
        OptionalInt phases = parts > 1 || hook.isPresent() ? OptionalInt.of(parts) : OptionalInt.empty();
        var task = new TrainGraph.Task(model, setup.process(), config.objective().objective(), config.objective().labelDrop(), config.data().flip());
        return TrainGraph.of(task, config.data().batch() / parts, setup.data().columns(), images, phases);
    }

    public Plan plan() {
        return plan;
    }

    /** Whether the dataset lies on the device. */
    public boolean dataOnDevice() {
        return graph.resident().isPresent();
    }

    /** Steps done. */
    public long step() {
        return step;
    }

    /**
     * Begins with the setup's initial weights, of which the moving average starts too.
     *
     * @throws IOException if they cannot be read
     */
    public void start() throws IOException {
        Weights initial = setup.initialWeights();
        load();
        initial.writeTo(executable, List.of("", TrainGraph.EMA));
        step = 0;
    }

    /** Goes on from a checkpoint of this configuration. */
    public void resume(Path checkpoint) throws IOException {
        load();
        step = TrainState.restore(checkpoint, graph, executable);
    }

    private void load() {
        executable = device.load(plan);
        graph.inputs().writeTables(executable);
        runner = new StepRunner(graph, executable, config, hook);
        graph.resident().ifPresent(r -> kept = DataPlace.upload(setup.data(), r.datasets(), graph.columns().keySet(), executable));
    }

    /** The micro-batches of a step and those after it. */
    private Feed feed(long step) {
        int parts = config.microBatches();
        int images = config.data().batch() / parts;
        return dataOnDevice() ? Feed.device(graph, images, new Order(setup.data().size(), config.run().seed()), kept, step * parts)
                : Feed.host(graph, new Batches(setup.data(), images, config.run().seed(), step * parts));
    }

    /**
     * Trains up to {@code config.run().steps()} or until {@code stop} says so, writing metrics and checkpoints into {@code run}; the last
     * checkpoint is of the step it ended at.
     *
     * @throws NonFiniteException at a loss or gradient that is no finite number; the checkpoints written before are untouched, and none is added,
     *     which might push out the last good one
     * @throws DataException where a batch cannot be read, after a checkpoint of the steps before it was written
     */
    public void train(Path run, TrainListener listener, BooleanSupplier stop) throws IOException {
        Files.createDirectories(run);
        Metrics metrics = new Metrics(run);
        metrics.rewindTo(step);
        Checkpoints checkpoints = new Checkpoints(run);
        checkpoints.sweep();
        AtomicFiles.sweep(run);
        StepHistory history = new StepHistory(graph, executable, step);
        long first = step;
        long saved = -1;
        long began = System.nanoTime();
        long lineBegan = began;
        long lineStep = step;
        try (Feed feed = feed(step)) {
            while (step < config.run().steps() && !stop.getAsBoolean()) {
                try {
                    runner.run(step, feed);
                } catch (DataException e) {
                    look(history, checkpoints);
                    throw stopped(e, run, checkpoints, step > first && saved != step);
                }
                step++;
                boolean log = every(config.run().logEvery()) || step == config.run().steps();
                if (log || every(config.run().saveEvery()) || every(config.run().sampleEvery()) || history.due(step)) {
                    look(history, checkpoints);
                    listener.loss(step, history.loss(step - 1));
                }
                if (log) {
                    long now = System.nanoTime();
                    var line = new Metrics.Line(step, history.takeLosses() / (step - lineStep), history.takeParts(step - lineStep), history.norm(step - 1),
                            config.learningRate(step - 1), (step - lineStep) * config.data().batch() / ((now - lineBegan) * 1e-9), (now - began) * 1e-9);
                    metrics.append(line);
                    listener.metrics(line);
                    lineBegan = now;
                    lineStep = step;
                }
                if (every(config.run().saveEvery())) {
                    listener.saved(save(checkpoints));
                    saved = step;
                }
                // Last, so that what the listener makes of the step cannot cost its checkpoint.
                listener.step(step);
            }
        }
        look(history, checkpoints);
        if (saved != step) {
            listener.saved(save(checkpoints));
        }
    }

    /** Whether something that is due every so many steps is due now; 0 is never. */
    private boolean every(long steps) {
        return steps > 0 && step % steps == 0;
    }

    /** Waits for the steps done so far, and stops training if one of them had a bad number. */
    private void look(StepHistory history, Checkpoints checkpoints) throws IOException {
        long bad = history.ask(step);
        if (bad >= 0) {
            step = bad;
            throw nonFinite(history.loss(bad), history.norm(bad), checkpoints);
        }
    }

    /** Keeps what was learned before the data failed. */
    private DataException stopped(DataException e, Path run, Checkpoints checkpoints, boolean unsaved) {
        String rest = ". Training stopped after step " + step;
        try {
            if (unsaved) {
                save(checkpoints);
            }
            return new DataException(e.getMessage() + rest + (checkpoints.latest().isPresent()
                    ? ", which is saved; when the data is mended, go on with: sirocco train --resume " + run : ""), e);
        } catch (IOException failure) {
            DataException both = new DataException(e.getMessage() + rest + ", which could not be saved: " + failure.getMessage(), e);
            both.addSuppressed(failure);
            return both;
        }
    }

    /** Runs the same step again, op by op, to tell where the first bad number came from. The weights have not changed since it. */
    private NonFiniteException nonFinite(float loss, float norm, Checkpoints checkpoints) throws IOException {
        String where;
        try (Feed feed = feed(step)) {
            where = runner.firstNonFinite(step, feed);
        }
        var latest = checkpoints.latest();
        return new NonFiniteException("step " + step + ": loss is " + loss + ", gradient norm is " + norm + "; the first bad numbers are " + where
                + ". Training stopped; the weights were not touched by this step, and "
                + latest.map(c -> "the last checkpoint is " + c.folder()).orElse("no checkpoint had been written yet")
                + ". A lower learning rate, a longer warm-up or a smaller clip norm may help.");
    }

    private Path save(Checkpoints checkpoints) throws IOException {
        return checkpoints.add(step, config.run().keep(), folder -> {
            saveModel(folder);
            TrainState.write(folder, graph, executable, step);
        });
    }

    /** Writes {@link #averageModel}'s files into a folder that exists. */
    public void saveModel(Path folder) throws IOException {
        averageModel().write(folder);
    }

    /** Returns the dataset's class names. The last row of the class table is the null class if the model was trained with label dropping. */
    private ClassLabels classLabels() {
        OptionalInt rows = model.config().classes();
        return rows.isEmpty() ? ClassLabels.NONE
                : ClassLabels.of(setup.data().classNames(), !model.config().classifies() && config.objective().labelDrop() > 0 ? OptionalInt.of(rows.getAsInt() - 1) : OptionalInt.empty());
    }

    /** Returns the model with the moving average of the weights, which samples are taken from: as it is when the weights are read, until this trainer is closed. */
    public DiffusionModel averageModel() {
        return new DiffusionModel(Weights.in(executable, TrainGraph.EMA, model.config()), Optional.of(new SchedulerConfig(setup.process(), setup.process().usualSolver()).toJson()), classLabels());
    }

    @Override
    public void close() {
        if (executable != null) {
            executable.close();
            executable = null;
        }
    }
}
