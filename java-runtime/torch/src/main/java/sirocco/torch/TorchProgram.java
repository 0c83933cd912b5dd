package sirocco.torch;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.nn.Network;
import sirocco.nn.Parameter.Kind;

/**
 * A recorded network as calls of PyTorch, so that PyTorch can be timed beside Sirocco without a network being written twice. LibTorch runs it in Java; its
 * JSON text is what {@code build-scripts/torch-peer} runs in Python.
 *
 * <p>Pictures are [n,c,h,w] in whichever memory format the inputs and weights have; tokens are [n,tokens,c], features [n,c]. Fused ops become the calls that
 * a user of PyTorch writes: convolution with bias, then additions; {@code group_norm}, then {@code silu}. Ops that PyTorch has no function for are lowered.
 * Sizes are those of the recorded batch.
 *
 * @param inputs what the caller passes, in the order of the graph's values
 * @param outputs the registers of the graph's outputs, with their shapes, in the graph's order
 */
public record TorchProgram(List<Weight> parameters, List<Input> inputs, List<Line> lines, List<Output> outputs) {
    /**
     * A parameter of the network.
     *
     * @param shape in PyTorch
     * @param channelsFirst whether {@code shape} is [k,c,r,s] where {@code logical} is [k,r,s,c]; otherwise both have the same order of elements
     */
    public record Weight(String name, Register register, List<Integer> shape, Shape logical, boolean channelsFirst) { }

    /** A tensor that the caller passes: pictures [n,c,h,w], tokens [n,tokens,c] or features [n,c], in the range and type of the graph's input. */
    public record Input(String name, Register register, List<Integer> shape, boolean channelsFirst) { }

    /** A result; pictures [n,c,h,w] if {@code channelsFirst}. */
    public record Output(Register register, List<Integer> shape, boolean channelsFirst) { }

    /**
     * A call with its place in the network.
     *
     * @param name of the step in the graph that the call was made for
     * @param dead registers that nothing reads after this call
     */
    public record Line(String name, TorchCall call, List<Register> dead) {
        public Line {
            dead = List.copyOf(dead);
        }
    }

    public TorchProgram {
        parameters = List.copyOf(parameters);
        inputs = List.copyOf(inputs);
        lines = List.copyOf(lines);
        outputs = List.copyOf(outputs);
    }

    /**
     * Translates a recorded network, whose linear layers are those of {@code network}'s parameters.
     *
     * @throws UnsupportedOperationException listing the ops that only training or sampling has: reverse passes, optimizers, samplers
     */
    public static TorchProgram of(Graph graph, Network network) {
        Set<String> linear = new HashSet<>();
        network.parameters().stream().filter(p -> p.kind() == Kind.LINEAR).forEach(p -> linear.add(p.name()));
        return of(graph, w -> linear.contains(w.name()));
    }

    /**
     * Translates a recorded network.
     *
     * @param graph of a forward pass, with outputs
     * @param linear whether a 1×1 convolution's weight is that of a linear layer over features or tokens, rather than of a convolution of pictures
     * @throws UnsupportedOperationException listing the ops that only training or sampling has: reverse passes, optimizers, samplers
     * @throws IllegalArgumentException if the graph has no outputs
     */
    public static TorchProgram of(Graph graph, Predicate<Value> linear) {
        if (graph.outputs().isEmpty()) {
            throw new IllegalArgumentException("PyTorch program: the graph has no outputs. Mark the network's results by GraphBuilder.output.");
        }
        return new Translator(live(Lowering.lower("PyTorch", graph, Supported::is)), linear).run();
    }

    /** Returns the number of weights. */
    public long parameterCount() {
        return parameters.stream().mapToLong(p -> p.logical.elements()).sum();
    }

    /** Returns the number of registers. */
    public int registers() {
        return parameters.size() + inputs.size() + lines.size();
    }

    /** Returns the program as JSON; build-scripts/torch-peer/network.py defines what its keys mean. */
    public String toJson() {
        return ProgramJson.write(this);
    }

    /** Removes the steps that no output depends on. */
    private static Graph live(Graph graph) {
        Set<Value> read = new HashSet<>(graph.outputs());
        List<Step> kept = new ArrayList<>();
        for (Step s : graph.steps().reversed()) {
            if (s.op().outputs().stream().anyMatch(read::contains)) {
                kept.add(s);
                read.addAll(s.op().inputs());
            }
        }
        return new Graph(graph.values(), kept.reversed(), graph.outputs());
    }
}
