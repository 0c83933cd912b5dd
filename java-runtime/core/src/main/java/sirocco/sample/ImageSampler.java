package sirocco.sample;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.IntUnaryOperator;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Philox;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.diffusion.SolverProgram;
import sirocco.model.UNet;
import sirocco.model.Weights;

/**
 * Draws images from a trained model. Image i of a seed is the same whatever the batch it is drawn in: its noise is addressed by i.
 */
public final class ImageSampler implements AutoCloseable {
    /** How long a chain goes on before someone may stop it. */
    private static final double LOOK_NANOS = 0.5e9;

    private final UNet model;
    private final SolverProgram program;
    private final SampleGraph s;
    private final Plan plan;
    private final int batch;
    private final double guidance;
    private final boolean guided;
    private final Device device;
    private final float[] x;
    private OptionalInt nullClass = OptionalInt.empty();
    private Executable executable;
    private int done;

    /**
     * Plans a sampler; {@link #load} allocates it.
     *
     * @param batch images at a time
     * @param guidance classifier-free guidance: 1 for none; anything else doubles the work and needs a model with a null class
     * @throws IllegalArgumentException for guidance on a model without classes
     */
    public ImageSampler(Device device, UNet model, SolverProgram program, int batch, double guidance) {
        if (batch < 1) {
            throw new IllegalArgumentException("batch: expected at least 1, got " + batch);
        }
        if (!Float.isFinite((float) guidance)) {
            throw new IllegalArgumentException("guidance: expected a finite number of float32, got " + guidance);
        }
        guided = guidance != 1;
        if (guided && model.config().numClassEmbeds().isEmpty()) {
            throw new IllegalArgumentException("guidance " + guidance + ": the model is unconditional; leave guidance out");
        }
        this.device = device;
        this.model = model;
        this.program = program;
        this.batch = batch;
        this.guidance = guidance;
        s = SampleGraph.of(model, batch, program, guided);
        plan = device.plan(s.graph());
        x = new float[(int) s.x().shape().elements()];
    }

    /** Sets the class that guidance steers away from; empty for the model's last. */
    public ImageSampler nullClass(OptionalInt label) {
        nullClass = label;
        return this;
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

    /** Steps of a chain: evaluations of the model for each image. */
    public int steps() {
        return program.steps();
    }

    /** Allocates the plan and sets the weights. */
    public ImageSampler load(Weights weights) {
        if (executable == null) {
            executable = device.load(plan);
            s.step().tables().forEach(executable::write);
            s.scale().ifPresent(v -> executable.write(v, new float[] {(float) guidance}));
        }
        weights.writeTo(executable);
        return this;
    }

    /**
     * Puts the chains of images {@code first} … {@code first + batch − 1} to their start, x_T.
     *
     * @param labels class of each image of the seed, by image number; asked only if the model has classes
     */
    public void begin(long seed, int first, IntUnaryOperator labels) {
        int each = x.length / batch;
        int[] index = new int[batch];
        for (int i = 0; i < batch; i++) {
            index[i] = first + i;
            Philox.normals(seed, index[i], 0, Philox.INITIAL, x, i * each, each);
        }
        if (program.start() != 1) {
            for (int i = 0; i < x.length; i++) {
                x[i] *= (float) program.start();
            }
        }
        executable.write(s.x(), x);
        for (Value register : s.step().registers().subList(1, program.registers())) {
            executable.write(register, new float[x.length]);
        }
        executable.write(s.step().cursor(), new int[] {0});
        executable.write(s.rng(), new int[] {(int) seed, (int) (seed >>> 32), 0, 0});
        executable.write(s.index(), index);
        s.labels().ifPresent(v -> executable.write(v, classes(first, labels)));
        done = 0;
    }

    private int[] classes(int first, IntUnaryOperator labels) {
        int[] classes = new int[guided ? 2 * batch : batch];
        int known = model.config().numClassEmbeds().orElseThrow();
        for (int i = 0; i < batch; i++) {
            classes[i] = labels.applyAsInt(first + i);
            if (classes[i] < 0 || classes[i] >= known) {
                throw new IllegalArgumentException("class of image " + (first + i) + ": the model knows 0 to " + (known - 1) + ", got " + classes[i]);
            }
        }
        if (guided) {
            Arrays.fill(classes, batch, 2 * batch, nullClass.orElse(known - 1));
        }
        return classes;
    }

    /**
     * Does the next steps of every chain, or as many as are left, for those who look at what there is in between; false when the chains are
     * at their end.
     */
    public boolean step(int steps) {
        int now = Math.min(steps, program.steps() - done);
        executable.repeat(now);
        done += now;
        return done < program.steps();
    }

    /** Does one step. */
    public boolean step() {
        return step(1);
    }

    /**
     * Walks every chain to its end, with looks at {@code stop} about every half second; false if that ended it before. The host hears nothing of
     * the device in between.
     */
    public boolean finish(BooleanSupplier stop) {
        int chunk = 1;
        while (done < program.steps()) {
            if (stop.getAsBoolean()) {
                return false;
            }
            chunk = Math.min(chunk, program.steps() - done);
            long began = System.nanoTime();
            executable.repeat(chunk);
            executable.await();
            done += chunk;
            // Each step of a chain takes as long as any other; growing by no more than twice, since the first ones are the device's warm-up.
            double each = (System.nanoTime() - began) / (double) chunk;
            chunk = (int) Math.clamp(LOOK_NANOS / each, 1, 2.0 * chunk);
        }
        return true;
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
