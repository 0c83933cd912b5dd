package sirocco.bench;

import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.Executable;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;

/**
 * A training step: noising of bytes, forward, MSE on ε, backward, clipping of the global gradient norm at 1, Adam, EMA. No flip and no
 * dropout, so that a peer without our random numbers can follow. Each run is the next step.
 */
final class TrainingWork implements Work {
    static final double LR = 2e-4;
    static final double EMA = 0.9999;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final int SEED = 5;

    private final ModelRun run;
    private final NoisingInputs inputs;
    private final Value hyper;
    private final Value loss;
    private final Weights weights;
    private final float[] hyperNow = {(float) LR, (float) BETA1, (float) BETA2, 1e-8f, 0, (float) EMA, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    private int step;

    /** What noising reads. */
    private record NoisingInputs(Value images, Value schedule, Value rng, Value index, int[] rngNow) {
        static NoisingInputs of(GraphBuilder g, NetworkConfig config, int n) {
            return new NoisingInputs(g.input("images", NetworkGraph.images(config, n), DType.U8),
                    g.input("schedule", new Shape(Noises.schedule().length / 8, 1, 1, 8), DType.F32),
                    g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(n, 1), DType.I32), new int[] {SEED, 0, 0, 0});
        }

        Diffusion.Noised noising(GraphBuilder g) {
            return g.in("noising", () -> g.noising(images, schedule, rng, index, false));
        }

        void write(Executable e, NetworkConfig config, byte[] nchw) {
            int n = images.shape().n();
            byte[] nhwc = new byte[nchw.length];
            int pixels = config.size().height() * config.size().width();
            int channels = config.inChannels();
            for (int i = 0; i < nchw.length; i++) {
                int image = i / (channels * pixels);
                int channel = i / pixels % channels;
                nhwc[(image * pixels + i % pixels) * channels + channel] = nchw[i];
            }
            e.write(images, nhwc);
            e.write(schedule, Noises.schedule());
            int[] numbers = new int[n];
            for (int i = 0; i < n; i++) {
                numbers[i] = i;
            }
            e.write(index, numbers);
            atStep(e, 0);
        }

        void atStep(Executable e, int step) {
            rngNow[2] = step;
            e.write(rng, rngNow);
        }
    }

    /** What a step at number 0 sees: x_t and ε [n,c,h,w], t [n]. */
    record Noised(float[] xt, float[] epsilon, float[] t) {}

    /** @param images bytes [n,c,h,w] */
    TrainingWork(String backend, int threads, Weights weights, byte[] images) {
        this.weights = weights;
        NetworkConfig config = weights.config();
        int n = images.length / NetworkGraph.imageElements(config);
        GraphBuilder g = new GraphBuilder();
        inputs = NoisingInputs.of(g, config, n);
        hyper = g.input("hyper", Shape.vector(16), DType.F32);
        var noised = inputs.noising(g);
        Value prediction = NetworkGraph.apply(g, config, noised.xt(), noised.t());
        loss = g.output(g.in("loss", () -> g.mseLoss(prediction, noised.target(), Optional.of(noised.weight()))));
        g.adamEma(Gradients.ofParameters(g, loss), hyper);
        run = new ModelRun(backend, threads, g.build());
        inputs.write(run.executable(), config, images);
        restart();
    }

    /** Weights and optimizer as before the first step. */
    private void restart() {
        Executable e = run.executable();
        weights.writeTo(e);
        for (Value v : e.plan().graph().withRole(Value.Role.STATE)) {
            e.write(v, new float[Math.toIntExact(v.shape().elements())]);
        }
        step = 0;
    }

    @Override
    public void run() {
        inputs.atStep(run.executable(), step);
        step++;
        hyperNow[7] = (float) (1 - Math.pow(BETA1, step));
        hyperNow[8] = (float) (1 - Math.pow(BETA2, step));
        run.executable().write(hyper, hyperNow);
        run.executable().run();
    }

    /** Of the first step: the loss [1], and all gradients after clipping, one after the other in the order of the network's parameters. */
    @Override
    public float[][] results() {
        restart();
        run();
        Executable e = run.executable();
        Graph graph = e.plan().graph();
        float[] lossNow = new float[1];
        e.read(loss, lossNow);
        float[] gradients = new float[Math.toIntExact(weights.config().network().parameterCount())];
        int to = 0;
        for (String name : weights.names()) {
            Value m = graph.find("adam.m." + name);
            float[] values = new float[Math.toIntExact(m.shape().elements())];
            e.read(m, values);
            for (float v : values) {
                // Adam's first moment after one step is (1 − β₁)·g.
                gradients[to++] = (float) (v / (1 - BETA1));
            }
        }
        return new float[][] {lossNow, gradients};
    }

    /** A peer's loss and gradients, one array each, as {@link #results} has them: clipped at norm 1 as PyTorch does it, in one array. */
    static float[][] lossAndClipped(float[][] lossAndGradients) {
        int count = 0;
        double squares = 0;
        for (int i = 1; i < lossAndGradients.length; i++) {
            count += lossAndGradients[i].length;
            for (float v : lossAndGradients[i]) {
                squares += (double) v * v;
            }
        }
        double scale = Math.min(1, 1 / (Math.sqrt(squares) + 1e-6));
        float[] all = new float[count];
        int to = 0;
        for (int i = 1; i < lossAndGradients.length; i++) {
            for (float v : lossAndGradients[i]) {
                all[to++] = (float) (v * scale);
            }
        }
        return new float[][] {lossAndGradients[0], all};
    }

    /** The noise of the first step, by the same backend. */
    static Noised noised(String backend, int threads, NetworkConfig config, byte[] images) {
        int n = images.length / NetworkGraph.imageElements(config);
        GraphBuilder g = new GraphBuilder();
        NoisingInputs inputs = NoisingInputs.of(g, config, n);
        var noised = inputs.noising(g);
        g.output(noised.xt());
        g.output(noised.target());
        g.output(noised.t());
        try (ModelRun run = new ModelRun(backend, threads, g.build())) {
            Executable e = run.executable();
            inputs.write(e, config, images);
            e.run();
            float[] t = new float[n];
            e.read(noised.t(), t);
            return new Noised(picture(e, noised.xt(), config, n), picture(e, noised.target(), config, n), t);
        }
    }

    private static float[] picture(Executable e, Value v, NetworkConfig config, int n) {
        float[] nhwc = new float[n * NetworkGraph.imageElements(config)];
        e.read(v, nhwc);
        return Inputs.channelsFirst(nhwc, n, config.inChannels(), config.size().height(), config.size().width());
    }

    @Override
    public void close() {
        run.close();
    }
}
