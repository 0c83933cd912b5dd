package sirocco.sample;

import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Philox;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.data.Samples;
import sirocco.diffusion.Guide;
import sirocco.diffusion.SamplingMethod;
import sirocco.diffusion.SolverDriver;
import sirocco.diffusion.SolverProgram;
import sirocco.nn.Condition;
import sirocco.nn.Network;
import sirocco.nn.Weights;

/**
 * Draws images from a trained model. Image i of a seed is the same whatever the batch it is drawn in: its noise is addressed by i.
 */
public final class ImageSampler implements AutoCloseable {
    private final SamplingMethod method;
    private final Guide guide;
    private final SampleGraph s;
    private final Chains chains;
    private final Plan plan;
    private final int batch;
    private final Device device;
    private final float[] x;
    /** For each of the guide's evaluations, the conditions of all images. */
    private final Batch conditions;
    private Executable executable;

    /**
     * Plans a sampler; {@link #load} allocates it.
     *
     * @param batch images at a time
     * @param guide how the output of a step is made; each of its evaluations evaluates the network for all images
     * @throws IllegalArgumentException if the guide evaluates the network with several conditions and the network has none
     */
    public ImageSampler(Device device, Network model, SamplingMethod method, int batch, Guide guide) {
        if (batch < 1) {
            throw new IllegalArgumentException("batch: expected at least 1, got " + batch);
        }
        if (guide.evaluations().size() > 1 && model.conditions().isEmpty()) {
            throw new IllegalArgumentException("guidance: the model is unconditional, so there is nothing to steer away from. Leave guidance out.");
        }
        this.device = device;
        this.method = method;
        this.batch = batch;
        this.guide = guide;
        s = SampleGraph.of(model, batch, method, guide);
        chains = switch (s.step()) {
            case ProgramStep step -> new ProgramChains((SolverProgram) method, step);
            case DriverStep step -> new DriverChains((SolverDriver) method, step);
        };
        plan = device.plan(s.graph());
        x = new float[(int) s.x().shape().elements()];
        conditions = new Batch(guide.evaluations().size() * batch, model.conditions().stream().map(Condition::column).toList());
    }

    public Plan plan() {
        return plan;
    }

    /** The plan in memory. */
    Executable executable() {
        return executable;
    }

    public int batch() {
        return batch;
    }

    /** Returns the number of steps of a chain; empty if the solver chooses them during sampling. */
    public OptionalInt steps() {
        return chains.steps();
    }

    /** Returns how often the guided network was evaluated for image {@code i} of the batch since {@link #begin}. */
    public int evaluations(int i) {
        return chains.evaluations(i);
    }

    /** Allocates the plan and sets the weights. */
    public ImageSampler load(Weights weights) {
        if (executable == null) {
            executable = device.load(plan);
            s.inputs().writeTables(executable);
        }
        weights.writeTo(executable, s.network());
        return this;
    }

    /**
     * Puts the chains of images {@code first} … {@code first + batch − 1} to their start, x_T.
     *
     * @param given conditions of each image of the seed, by image number; not read if neither the network nor the guide has conditions
     * @throws IllegalArgumentException if a condition is missing, or is one that the network does not know
     */
    public void begin(long seed, int first, Samples given) {
        setConditions(first, given);
        int each = x.length / batch;
        int[] index = new int[batch];
        for (int i = 0; i < batch; i++) {
            index[i] = first + i;
            Philox.normals(seed, index[i], 0, Philox.INITIAL, x, i * each, each);
        }
        if (method.start() != 1) {
            for (int i = 0; i < x.length; i++) {
                x[i] *= (float) method.start();
            }
        }
        executable.write(s.x(), x);
        for (Value register : s.step().registers().subList(1, s.step().registers().size())) {
            executable.write(register, new float[x.length]);
        }
        executable.write(s.key().rng(), new int[] {(int) seed, (int) (seed >>> 32), 0, 0});
        executable.write(s.key().index(), index);
        s.conditions().forEach((c, v) -> conditions.write(c.column().name(), executable, v));
        if (!s.columns().isEmpty()) {
            s.columns().keySet().forEach(c -> checkColumn(given, c));
            Batch read = new Batch(batch, given.columns());
            for (int i = 0; i < batch; i++) {
                given.read(first + i, read, i);
                guide.check(read, i, first + i);
            }
            s.columns().forEach((c, v) -> read.write(c.name(), executable, v));
        }
        chains.begin(executable, first, x);
    }

    private void setConditions(int first, Samples given) {
        if (s.conditions().isEmpty()) {
            return;
        }
        int row = 0;
        for (Guide.Conditioned evaluation : guide.evaluations()) {
            Samples from = evaluation.other().orElse(given);
            if (!evaluation.isNull() && evaluation.other().isEmpty()) {
                s.conditions().keySet().forEach(c -> checkColumn(given, c.column()));
            }
            Batch one = new Batch(1, from.columns());
            for (int i = 0; i < batch; i++, row++) {
                if (!evaluation.isNull()) {
                    from.read(first + i, one, 0);
                    conditions.copy(one, 0, row);
                }
                for (Condition c : s.conditions().keySet()) {
                    if (evaluation.isNull() || !from.columns().contains(c.column())) {
                        c.writeNull(conditions, row);
                    } else {
                        c.check(conditions, row, first + i);
                    }
                }
            }
        }
    }

    private static void checkColumn(Samples given, Column needed) {
        if (!given.columns().contains(needed)) {
            throw new IllegalArgumentException("sampling: the conditions of the images lack a column that is read (expected " + needed + ", got " + given.columns()
                    + "). Give each image this condition.");
        }
    }

    /**
     * Does the next steps of every chain, or as many as are left, for those who look at what there is in between; false when the chains are
     * at their end.
     *
     * @throws IllegalStateException if the solver chooses its steps and cannot finish an image
     */
    public boolean step(int steps) {
        return chains.step(steps);
    }

    /** Does one step. */
    public boolean step() {
        return step(1);
    }

    /**
     * Walks every chain to its end, with looks at {@code stop} about every half second, or after each step if the solver chooses its steps; false if that ended it
     * before. If the steps are known, there is no host synchronization in between.
     *
     * @throws IllegalStateException if the solver chooses its steps and cannot finish an image
     */
    public boolean finish(BooleanSupplier stop) {
        return chains.finish(stop);
    }

    /** The images as they are now: [batch,h,w,c], model range [−1,1]. The array is lent: the next call overwrites it. */
    public float[] read() {
        executable.read(s.x(), x);
        return x;
    }

    /** [batch,h,w,c] */
    public Shape shape() {
        return s.x().shape();
    }

    @Override
    public void close() {
        if (executable != null) {
            executable.close();
            executable = null;
        }
    }
}
