package sirocco.sample;

import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.diffusion.SolverProgram;
import sirocco.model.UNet;
import sirocco.model.UNetConfig;

/**
 * One sampling step as a graph: run as often as the solver's program has rows, it goes from noise to images without host synchronization.
 *
 * @param step the solver's part
 * @param labels I32: [n,1,1,1], or [2n,1,1,1] with guidance: the classes, then n times the null class; empty for an unconditional model
 * @param scale F32 scalar, the guidance; empty without
 */
record SampleGraph(Graph graph, ProgramStep step, Value rng, Value index, Optional<Value> labels, Optional<Value> scale) {
    static SampleGraph of(UNet model, int batch, SolverProgram program, boolean guided) {
        GraphBuilder g = new GraphBuilder();
        UNetConfig config = model.config();
        Shape shape = new Shape(batch, config.height(), config.width(), config.inChannels());
        int evaluated = guided ? 2 * batch : batch;
        Value rng = g.input("rng", Shape.vector(4), DType.I32);
        Value index = g.input("index", Shape.features(batch, 1), DType.I32);
        Optional<Value> labels = config.numClassEmbeds().isPresent()
                ? Optional.of(g.input("labels", Shape.features(evaluated, 1), DType.I32)) : Optional.empty();
        Optional<Value> scale = guided ? Optional.of(g.input("guidance", Shape.SCALAR, DType.F32)) : Optional.empty();
        ProgramStep step = ProgramStep.record(g, program, shape, rng, index, evaluated, (x, t) -> {
            Value in = guided ? g.in("guidance.repeat", () -> g.repeat(x)) : x;
            Value out = model.apply(g, in, t, labels, Optional.empty());
            return scale.map(s -> g.in("guidance", () -> g.guidance(out, s))).orElse(out);
        });
        return new SampleGraph(g.build(), step, rng, index, labels, scale);
    }

    /** STATE [n,h,w,c]. */
    Value x() {
        return step.registers().getFirst();
    }
}
