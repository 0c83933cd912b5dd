package sirocco.sample;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.ParameterSet;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Column;
import sirocco.diffusion.Guide;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.SamplingMethod;
import sirocco.diffusion.SolverDriver;
import sirocco.diffusion.SolverProgram;
import sirocco.nn.Condition;
import sirocco.nn.Network;

/**
 * One sampling step as a graph: of a {@link SolverProgram}, run as often as the program has rows, it goes from noise to images without host synchronization; of a
 * {@link SolverDriver}, the host decides after each.
 *
 * @param step the solver's part
 * @param inputs tables of solver and guide
 * @param key rng I32 [1,1,1,4], index I32 [n,1,1,1]
 * @param network the network's parameters
 * @param conditions the inputs of the network's conditions, [k·n,…] for k evaluations an image: n for each of the guide's evaluations in their order
 * @param columns the inputs of columns that the guide reads itself, [n,…]
 */
record SampleGraph(Graph graph, SolverStep step, HostInputs inputs, RandomKey key, ParameterSet network, Map<Condition, Value> conditions,
                   Map<Column, Value> columns) {
    /** @throws IllegalArgumentException if the network does not denoise, or has no variance head and the method reads it */
    static SampleGraph of(Network model, int batch, SamplingMethod method, Guide guide) {
        int c = model.config().inChannels();
        boolean head = model.config().outChannels() == 2 * c;
        if (model.config().classifies() || model.config().outChannels() != c && !head) {
            throw new IllegalArgumentException("sampling: the network is a " + model.config().className() + " with " + model.config().outChannels()
                    + " outputs (expected a network that denoises, with as many output channels as its images have, " + c + ", or twice as many).");
        }
        boolean reads = method instanceof SolverProgram p && p.variance().isPresent();
        if (reads && !head) {
            throw new IllegalArgumentException("sampling: the sampler reads a variance that the network does not predict (expected " + 2 * c + " output channels, got "
                    + c + "). Choose a sampler with a fixed variance.");
        }
        GraphBuilder g = new GraphBuilder();
        int evaluated = guide.evaluations().size() * batch;
        RandomKey key = new RandomKey(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(batch, 1), DType.I32));
        Map<Condition, Value> conditions = model.conditionInputs(g, evaluated);
        HostInputs inputs = new HostInputs();
        ParameterSet network = new ParameterSet("");
        Map<Column, Value> columns = new LinkedHashMap<>();
        SolverStep.Model guided = (x, t, tables) -> {
            List<Value> variances = new ArrayList<>();
            Value prediction = guide.record(new Guide.Step(g, inputs, tables, column -> columns.computeIfAbsent(column,
                    _ -> g.input("guide." + column.name(), column.shape().withN(batch), column.type()))), x, t, (in, time) -> {
                Value out = g.with(network, () -> model.apply(g, in, time, conditions, Optional.empty()));
                if (reads) {
                    // The guide makes one prediction of several evaluations; the variance is that of the first.
                    Value first = out.shape().n() == batch ? out : g.in("variance_head.first", () -> g.slice(out, Axis.N, 0, batch));
                    variances.add(g.in("variance_head", () -> g.slice(first, c, c)));
                }
                return head ? g.in("prediction", () -> g.slice(out, 0, c)) : out;
            });
            return new SolverStep.Output(prediction, variances.stream().findFirst());
        };
        SolverStep step = switch (method) {
            case SolverProgram program -> ProgramStep.record(g, inputs, program, model.images(batch), key, evaluated, guided);
            case SolverDriver driver -> DriverStep.record(g, inputs, driver, model.images(batch), evaluated, guided);
        };
        return new SampleGraph(g.build(), step, inputs, key, network, conditions, columns);
    }

    /** STATE [n,h,w,c]. */
    Value x() {
        return step.registers().getFirst();
    }
}
