package sirocco.bench;

import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;

/** A model's forward pass: x_t, t → ε̂. Its weights stay as they are, so what a backend derives from them is made once, as in sampling. */
final class ForwardWork implements Work {
    private final NetworkConfig config;
    private final NetworkGraph network;
    private final ModelRun run;
    private final int n;

    /** @param x [n,c,h,w] */
    ForwardWork(String backend, int threads, Weights weights, float[] x, float[] t) {
        config = weights.config();
        n = t.length;
        network = NetworkGraph.of(config, n);
        run = new ModelRun(backend, threads, network.graph());
        weights.writeTo(run.executable());
        run.executable().write(network.x(), Inputs.channelsLast(x, n, config.inChannels(), config.size().height(), config.size().width()));
        run.executable().write(network.t(), t);
    }

    @Override
    public void run() {
        run.executable().run();
    }

    @Override
    public float[][] results() {
        run();
        float[] nhwc = new float[n * NetworkGraph.imageElements(config)];
        run.executable().read(network.y(), nhwc);
        return new float[][] {Inputs.channelsFirst(nhwc, n, config.outChannels(), config.size().height(), config.size().width())};
    }

    @Override
    public void close() {
        run.close();
    }
}
