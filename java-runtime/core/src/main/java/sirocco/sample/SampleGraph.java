package sirocco.sample;

import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.model.UNet;
import sirocco.model.UNetConfig;

/**
 * One sampling step as a graph: run as often as the table has rows, it walks x from noise to images without the host in between.
 *
 * @param x STATE [n,h,w,c]
 * @param history the two states x̂₀ of multistep samplers; empty for one-step ones
 * @param cursor STATE I32 scalar, the row to do next
 * @param table F32 [steps,1,1,12], see {@link sirocco.api.Diffusion.SamplingStep}
 * @param labels I32: [n,1,1,1], or [2n,1,1,1] with guidance: the classes, then n times the null class; empty for an unconditional model
 * @param scale F32 scalar, the guidance; empty without
 */
record SampleGraph(Graph graph, Value x, Optional<History> history, Value cursor, Value table, Value rng, Value index, Optional<Value> labels,
                   Optional<Value> scale) {
    record History(Value h1, Value h2) { }

    static SampleGraph of(UNet model, int batch, int steps, boolean multistep, boolean guided) {
        GraphBuilder g = new GraphBuilder();
        UNetConfig config = model.config();
        Shape shape = new Shape(batch, config.height(), config.width(), config.inChannels());
        int evaluated = guided ? 2 * batch : batch;
        Value x = g.state("x", shape, DType.F32);
        Optional<History> history = multistep
                ? Optional.of(new History(g.state("x0.previous", shape, DType.F32), g.state("x0.before", shape, DType.F32))) : Optional.empty();
        Value cursor = g.state("cursor", Shape.vector(1), DType.I32);
        Value table = g.input("table", new Shape(steps, 1, 1, 12), DType.F32);
        Value rng = g.input("rng", Shape.vector(4), DType.I32);
        Value index = g.input("index", Shape.features(batch, 1), DType.I32);
        Optional<Value> labels = config.numClassEmbeds().isPresent()
                ? Optional.of(g.input("labels", Shape.features(evaluated, 1), DType.I32)) : Optional.empty();
        Optional<Value> scale = guided ? Optional.of(g.input("guidance", Shape.vector(1), DType.F32)) : Optional.empty();

        Value t = g.in("timestep", () -> g.chainTimestep(table, cursor, evaluated));
        Value in = guided ? g.in("guidance.repeat", () -> g.repeat(x)) : x;
        Value out = model.apply(g, in, t, labels, Optional.empty());
        Value guidedOut = scale.map(s -> g.in("guidance", () -> g.guidance(out, s))).orElse(out);
        g.in("sampling_step", () -> {
            g.samplingStep(guidedOut, table, rng, index, x, history.map(History::h1), history.map(History::h2), cursor);
            return null;
        });
        return new SampleGraph(g.build(), x, history, cursor, table, rng, index, labels, scale);
    }
}
