package sirocco.sample;

import java.util.Map;
import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.diffusion.Guide;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.SolverProgram;
import sirocco.nn.Condition;
import sirocco.nn.Network;

/**
 * One sampling step as a graph: run as often as the solver's program has rows, it goes from noise to images without host synchronization.
 *
 * @param step the solver's part
 * @param inputs tables of solver and guide
 * @param key rng I32 [1,1,1,4], index I32 [n,1,1,1]
 * @param conditions the inputs of the network's conditions, [k·n,…] for k evaluations an image: n for each of the guide's evaluations in their order
 */
record SampleGraph(Graph graph, ProgramStep step, HostInputs inputs, RandomKey key, Map<Condition, Value> conditions) {
    static SampleGraph of(Network model, int batch, SolverProgram program, Guide guide) {
        GraphBuilder g = new GraphBuilder();
        int evaluated = guide.evaluations().size() * batch;
        RandomKey key = new RandomKey(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(batch, 1), DType.I32));
        Map<Condition, Value> conditions = model.conditionInputs(g, evaluated);
        HostInputs inputs = new HostInputs();
        ProgramStep step = ProgramStep.record(g, inputs, program, model.images(batch), key, evaluated, (x, t, cursor) ->
                guide.record(new Guide.Step(g, inputs, program, cursor), x, t, (in, time) -> model.apply(g, in, time, conditions, Optional.empty())));
        return new SampleGraph(g.build(), step, inputs, key, conditions);
    }

    /** STATE [n,h,w,c]. */
    Value x() {
        return step.registers().getFirst();
    }
}
