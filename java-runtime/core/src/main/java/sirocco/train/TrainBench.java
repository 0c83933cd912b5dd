package sirocco.train;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.nn.Network;
import sirocco.nn.Weights;

/** A training step on random images, ready to be run over and over: for benchmarks and profiles. */
public final class TrainBench implements AutoCloseable {
    private final TrainGraph graph;
    private final Executable executable;
    private final int[] rng = new int[4];
    private final float[] history = new float[2 * TrainGraph.HISTORY];

    /** With a model's initial weights of seed 0. */
    public TrainBench(Device device, Network model, int batch) {
        this(device, model, Weights.initial(model.config(), 0), batch);
    }

    public TrainBench(Device device, Network model, Weights weights, int batch) {
        graph = TrainPlan.graph(model, batch);
        executable = device.load(device.plan(graph.graph()));
        start(weights);
        graph.inputs().writeTables(executable);
        Batch data = new Batch(batch, graph.columns().keySet());
        new SplittableRandom(0).nextBytes(data.bytes(Column.IMAGE));
        graph.columns().forEach((c, v) -> data.write(c.name(), executable, v));
        int[] index = new int[batch];
        Arrays.setAll(index, i -> i);
        executable.write(graph.key().index(), index);
        executable.write(graph.hyper(), new float[] {1e-4f, 0.9f, 0.999f, 1e-8f, 0, 0.999f, 1, 0.1f, 0.001f, 0, 0, 0, 0, 0, 0, 0});
    }

    public Plan plan() {
        return executable.plan();
    }

    public Executable executable() {
        return executable;
    }

    /** One step, with noise of its own. */
    public void step() {
        rng[2]++;
        executable.write(graph.key().rng(), rng);
        executable.run();
    }

    /** Of the last step, the mean over the batch. Waits for it. */
    public float loss() {
        executable.read(graph.history(), history);
        return history[2 * (rng[2] % TrainGraph.HISTORY)];
    }

    /** Sets the parameters, and their moving averages, which are random at first. */
    public void start(Weights weights) {
        weights.writeTo(executable, List.of("", TrainGraph.EMA));
    }

    @Override
    public void close() {
        executable.close();
    }
}
