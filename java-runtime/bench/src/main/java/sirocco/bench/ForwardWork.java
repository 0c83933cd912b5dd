package sirocco.bench;

import java.util.Map;
import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;

/** A model's forward pass: x_t, t → ε̂. Its weights stay as they are, so what a backend derives from them is made once, as in sampling. */
final class ForwardWork implements Work {
    private final UNetSpec spec;
    private final int n;
    private final ModelRun run;
    private final Value y;

    /** @param x [n,c,h,w] */
    ForwardWork(String backend, int threads, UNetSpec spec, Map<String, float[]> weights, float[] x, float[] t) {
        this.spec = spec;
        n = t.length;
        GraphBuilder g = new GraphBuilder();
        Value xIn = g.input("x", ModelRun.pictures(spec, n), DType.F32);
        Value tIn = g.input("t", Shape.features(n, 1), DType.F32);
        y = g.output(ModelRun.net(spec).apply(g, xIn, tIn, Map.of(), Optional.empty()));
        run = new ModelRun(backend, threads, g.build());
        run.write(spec, weights);
        run.executable().write(xIn, Inputs.channelsLast(x, n, spec.channels(), spec.size(), spec.size()));
        run.executable().write(tIn, t);
    }

    @Override
    public void run() {
        run.executable().run();
    }

    @Override
    public float[][] results() {
        run();
        float[] nhwc = new float[n * spec.imageElements()];
        run.executable().read(y, nhwc);
        return new float[][] {Inputs.channelsFirst(nhwc, n, spec.channels(), spec.size(), spec.size())};
    }

    @Override
    public void close() {
        run.close();
    }
}
