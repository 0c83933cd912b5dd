package sirocco.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.data.Batches;
import sirocco.data.DataException;
import sirocco.data.Order;
import sirocco.diffusion.Sampler;
import sirocco.diffusion.SchedulerConfig;
import sirocco.diffusion.TrainingTable;
import sirocco.folder.ClassLabels;
import sirocco.io.AtomicFiles;
import sirocco.model.NonFiniteException;
import sirocco.model.UNet;
import sirocco.model.Weights;
import sirocco.pipeline.DiffusionModel;

/**
 * Trains a model as Ho et al. 2020, algorithm 1, one graph run a step.
 *
 * <p>A step is a function of weights, optimizer state, seed and its number alone: batches, timesteps and noise are addressed by the
 * step. So a run that was stopped and resumed computes the same bits as one that was not.
 */
public final class Trainer implements AutoCloseable {
    private final TrainSetup setup;
    private final TrainConfig config;
    private final UNet model;
    private final TrainGraph graph;
    private final Plan plan;
    private final Device device;
    private final float[] hyper = new float[16];
    private final int[] rng = new int[4];
    private Executable executable;
    /** Of the dataset's images, if it lies on the device. */
    private int[] labels;
    private long step;

    /** The same with the dataset where there is room for it. */
    public Trainer(TrainSetup setup, Device device) {
        this(setup, device, DataPlace.AUTO);
    }

    /** Plans a run; {@link #start} or {@link #resume} allocates it. Setup and device stay the caller's to close. */
    public Trainer(TrainSetup setup, Device device, DataPlace place) {
        this.setup = setup;
        this.config = setup.config();
        this.model = setup.model();
        this.device = device;
        TrainGraph fed = graph(OptionalInt.empty());
        Plan fedPlan = device.plan(fed.graph());
        OptionalInt images = place.images(setup.data(), device, fedPlan.totalBytes());
        graph = images.isPresent() ? graph(images) : fed;
        plan = images.isPresent() ? device.plan(graph.graph()) : fedPlan;
    }

    private TrainGraph graph(OptionalInt images) {
        return TrainGraph.of(model, config.batch(), setup.schedule().T(), config.flip(), config.labelDrop(), images);
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

    /** Begins with the paper's initialisation. */
    public void start() {
        load();
        Weights initial = Weights.initial(model.config(), config.seed());
        initial.writeTo(executable);
        initial.writeTo(executable, TrainGraph.EMA);
        step = 0;
    }

    /** Goes on from a checkpoint of this configuration. */
    public void resume(Path checkpoint) throws IOException {
        load();
        step = TrainState.restore(checkpoint, graph, executable);
    }

    private void load() {
        executable = device.load(plan);
        OptionalDouble gamma = config.minSnrGamma() > 0 ? OptionalDouble.of(config.minSnrGamma()) : OptionalDouble.empty();
        executable.write(graph.schedule(), TrainingTable.rows(setup.schedule(), setup.prediction(), gamma));
        int[] index = new int[config.batch()];
        for (int i = 0; i < index.length; i++) {
            index[i] = i;
        }
        executable.write(graph.index(), index);
        graph.resident().ifPresent(r -> labels = DataPlace.upload(setup.data(), r.dataset(), executable));
    }

    /** Batches from a step on. */
    private Feed feed(long first) {
        return dataOnDevice() ? Feed.device(graph, config.batch(), new Order(setup.data().size(), config.seed()), labels, first)
                : Feed.host(graph, new Batches(setup.data(), config.batch(), config.seed(), first));
    }

    /**
     * Trains up to {@code config.steps()} or until {@code stop} says so, writing metrics and checkpoints into {@code run}; the last
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
            while (step < config.steps() && !stop.getAsBoolean()) {
                try {
                    feed.next(executable);
                } catch (DataException e) {
                    look(history, checkpoints);
                    throw stopped(e, run, checkpoints, step > first && saved != step);
                }
                writeParameters(step);
                executable.run();
                step++;
                boolean log = every(config.logEvery()) || step == config.steps();
                if (log || every(config.saveEvery()) || every(config.sampleEvery()) || history.due(step)) {
                    look(history, checkpoints);
                    listener.loss(step, history.loss(step - 1));
                }
                listener.step(step);
                if (log) {
                    long now = System.nanoTime();
                    var line = new Metrics.Line(step, history.takeLosses() / (step - lineStep), history.norm(step - 1), learningRate(step - 1),
                            (step - lineStep) * config.batch() / ((now - lineBegan) * 1e-9), (now - began) * 1e-9);
                    metrics.append(line);
                    listener.metrics(line);
                    lineBegan = now;
                    lineStep = step;
                }
                if (every(config.saveEvery())) {
                    listener.saved(save(checkpoints));
                    saved = step;
                }
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

    /** What the graph is told of step number {@code step}, from 0, beside its batch. */
    private void writeParameters(long step) {
        rng[0] = (int) config.seed();
        rng[1] = (int) (config.seed() >>> 32);
        rng[2] = (int) step;
        executable.write(graph.rng(), rng);
        hyper[0] = (float) learningRate(step);
        hyper[1] = (float) config.beta1();
        hyper[2] = (float) config.beta2();
        hyper[3] = (float) config.adamEpsilon();
        hyper[4] = (float) config.weightDecay();
        hyper[5] = (float) Math.min(config.emaDecay(), (1.0 + step) / (10.0 + step));
        hyper[6] = (float) config.clipNorm();
        hyper[7] = (float) (1 - Math.pow(config.beta1(), step + 1));
        hyper[8] = (float) (1 - Math.pow(config.beta2(), step + 1));
        executable.write(graph.hyper(), hyper);
    }

    /** Of step number {@code step}, from 0. */
    private double learningRate(long step) {
        return config.learningRate() * Math.min(1, (step + 1.0) / Math.max(1, config.warmup()));
    }

    /** Runs the same step again, op by op, to tell where the first bad number came from. The weights have not changed since it. */
    private NonFiniteException nonFinite(float loss, float norm, Checkpoints checkpoints) throws IOException {
        try (Feed feed = feed(step)) {
            feed.next(executable);
        }
        writeParameters(step);
        String[] where = {"in no single op's output: it did not show again"};
        executable.trace(t -> {
            if (where[0].startsWith("in no") && !t.finite()) {
                var bad = t.written().stream().filter(s -> s.nonFinite() > 0).findFirst().orElseThrow();
                where[0] = "in " + t.step() + ": " + bad.nonFinite() + " of " + bad.value().shape().elements() + " elements of " + bad.value().shape();
            }
        });
        var latest = checkpoints.latest();
        return new NonFiniteException("step " + step + ": loss is " + loss + ", gradient norm is " + norm + "; the first bad numbers are " + where[0]
                + ". Training stopped; the weights were not touched by this step, and "
                + latest.map(c -> "the last checkpoint is " + c.folder()).orElse("no checkpoint had been written yet")
                + ". A lower learning rate, a longer warm-up or a smaller clip norm may help.");
    }

    private Path save(Checkpoints checkpoints) throws IOException {
        return checkpoints.add(step, config.keep(), folder -> {
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
        OptionalInt rows = model.config().numClassEmbeds();
        return rows.isEmpty() ? ClassLabels.NONE
                : ClassLabels.of(setup.data().classNames(), config.labelDrop() > 0 ? OptionalInt.of(rows.getAsInt() - 1) : OptionalInt.empty());
    }

    /** The model with the moving average of the weights, which samples are taken from. */
    public DiffusionModel averageModel() {
        Weights average = new Weights(model.config());
        average.readFrom(executable, TrainGraph.EMA);
        SchedulerConfig diffusion = new SchedulerConfig(setup.schedule(), setup.prediction(), Sampler.parse("ddpm-large"));
        return new DiffusionModel(average, Optional.of(diffusion.toJson()), classLabels());
    }

    @Override
    public void close() {
        if (executable != null) {
            executable.close();
            executable = null;
        }
    }
}
