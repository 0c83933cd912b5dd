package sirocco.sample;

import java.util.Map;
import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.nn.Condition;
import sirocco.nn.Network;
import sirocco.nn.Weights;

/** The network by itself: noisy images and timesteps in, prediction out. */
public final class Denoiser implements AutoCloseable {
    private final Value x;
    private final Value t;
    private final Map<Condition, Value> conditions;
    private final Value prediction;
    private final Plan plan;
    private final Device device;
    private Executable executable;

    /** Plans a forward pass; {@link #load} allocates it. Images have {@code height} × {@code width} pixels, not necessarily the configuration's. */
    public Denoiser(Device device, Network model, int batch, int height, int width) {
        this.device = device;
        GraphBuilder g = new GraphBuilder();
        x = g.input("x", new Shape(batch, height, width, model.config().inChannels()), DType.F32);
        t = g.input("t", Shape.features(batch, 1), DType.F32);
        conditions = model.conditionInputs(g, batch);
        prediction = g.output(model.apply(g, x, t, conditions, Optional.empty()));
        Graph graph = g.build();
        plan = device.plan(graph);
    }

    /** Returns the shape of the prediction: [n,h,w,c], or [n,1,1,classes] of a classifier. */
    public Shape output() {
        return prediction.shape();
    }

    public Plan plan() {
        return plan;
    }

    /** Allocates the plan and sets the weights. */
    public Denoiser load(Weights weights) {
        if (executable == null) {
            executable = device.load(plan);
        }
        weights.writeTo(executable);
        return this;
    }

    /**
     * @param noisy [n,h,w,c]
     * @param timesteps [n]
     * @param given n samples with the columns of the network's conditions; none for an unconditional network
     * @param into receives the prediction, [n,h,w,c]
     */
    public void run(float[] noisy, float[] timesteps, Batch given, float[] into) {
        executable.write(x, noisy);
        executable.write(t, timesteps);
        conditions.forEach((c, v) -> given.write(c.column().name(), executable, v));
        executable.run();
        executable.read(prediction, into);
    }

    /** The plan in memory, to trace. */
    public Executable executable() {
        return executable;
    }

    @Override
    public void close() {
        if (executable != null) {
            executable.close();
            executable = null;
        }
    }
}
