package sirocco.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.data.Batch;
import sirocco.data.Batches;
import sirocco.data.DataException;
import sirocco.diffusion.Sampler;
import sirocco.diffusion.SchedulerConfig;
import sirocco.diffusion.TrainingTable;
import sirocco.io.AtomicFiles;
import sirocco.model.DiffusersFolder;
import sirocco.model.NonFiniteException;
import sirocco.model.UNet;
import sirocco.model.Weights;

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
    private final float[] scalar = new float[1];
    private final float[] hyper = new float[16];
    private final int[] rng = new int[4];
    private Executable executable;
    private long step;

    /** Plans a run; {@link #start} or {@link #resume} allocates it. Setup and device stay the caller's to close. */
    public Trainer(TrainSetup setup, Device device) {
        this.setup = setup;
        this.config = setup.config();
        this.model = setup.model();
        this.device = device;
        graph = TrainGraph.of(model, config.batch(), setup.schedule().T(), config.flip(), config.labelDrop());
        plan = device.plan(graph.graph());
    }

    public Plan plan() {
        return plan;
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
        long first = step;
        long saved = -1;
        long began = System.nanoTime();
        long lineBegan = began;
        long lineStep = step;
        double losses = 0;
        try (Batches batches = new Batches(setup.data(), config.batch(), config.seed(), step)) {
            while (step < config.steps() && !stop.getAsBoolean()) {
                Batch batch;
                try {
                    batch = batches.next();
                } catch (DataException e) {
                    throw stopped(e, run, checkpoints, step > first && saved != step);
                }
                float loss = step(batch, checkpoints);
                losses += loss;
                listener.step(step, loss);
                if (step % config.logEvery() == 0 || step == config.steps()) {
                    long now = System.nanoTime();
                    executable.read(graph.norm(), scalar);
                    var line = new Metrics.Line(step, losses / (step - lineStep), scalar[0], learningRate(step - 1),
                            (step - lineStep) * config.batch() / ((now - lineBegan) * 1e-9), (now - began) * 1e-9);
                    metrics.append(line);
                    listener.metrics(line);
                    lineBegan = now;
                    lineStep = step;
                    losses = 0;
                }
                if (config.saveEvery() > 0 && step % config.saveEvery() == 0) {
                    listener.saved(save(checkpoints));
                    saved = step;
                }
            }
        }
        if (saved != step) {
            listener.saved(save(checkpoints));
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

    /** One step; returns its loss. */
    private float step(Batch batch, Checkpoints checkpoints) throws IOException {
        executable.write(graph.images(), batch.images());
        if (graph.labels().isPresent()) {
            executable.write(graph.labels().get(), batch.labels());
        }
        writeParameters();
        executable.run();
        executable.read(graph.loss(), scalar);
        float loss = scalar[0];
        executable.read(graph.norm(), scalar);
        if (!Float.isFinite(loss) || !Float.isFinite(scalar[0])) {
            throw nonFinite(loss, scalar[0], checkpoints);
        }
        step++;
        return loss;
    }

    private void writeParameters() {
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

    /** Runs the same step again, op by op, to tell where the first bad number came from. The weights have not changed since. */
    private NonFiniteException nonFinite(float loss, float norm, Checkpoints checkpoints) throws IOException {
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

    /** The model with the moving average of the weights, which samples are taken from. */
    public DiffusersFolder averageModel() {
        Weights average = new Weights(model.config());
        average.readFrom(executable, TrainGraph.EMA);
        SchedulerConfig diffusion = new SchedulerConfig(setup.schedule(), setup.prediction(), Sampler.parse("ddpm-large"));
        return new DiffusersFolder(average, Optional.of(diffusion.toJson()));
    }

    @Override
    public void close() {
        if (executable != null) {
            executable.close();
            executable = null;
        }
    }
}
