package sirocco.bench.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import sirocco.bench.torch.Torch.Format;
import sirocco.torch.Register;
import sirocco.torch.TorchProgram;

/** A {@link TorchProgram} in LibTorch. */
final class TorchNetwork {
    /** A function, the register that its result goes to, and the registers that are free after it. */
    private record Instruction(Function<Tensor[], Tensor> function, int y, int[] dead) { }

    private final TorchProgram program;
    private final List<Tensor> parameters = new ArrayList<>();
    private final Tensor[] given;
    private final List<Instruction> instructions = new ArrayList<>();

    /**
     * Makes the parameters and whatever else stays from run to run; they belong to the scope that is open.
     *
     * @param weights returns a parameter's elements by its name, in the graph's order
     * @param trained whether gradients of the parameters will be asked for
     */
    TorchNetwork(TorchProgram program, Format format, Function<String, float[]> weights, boolean trained) {
        this.program = program;
        given = new Tensor[program.registers()];
        for (TorchProgram.Weight w : program.parameters()) {
            Tensor t = parameter(w, format, weights.apply(w.name()));
            parameters.add(trained ? t.set_requires_grad(true) : t);
            given[w.register().number()] = t;
        }
        Calls calls = new Calls(given, trained);
        for (TorchProgram.Line line : program.lines()) {
            instructions.add(new Instruction(calls.function(line.call()), line.call().y().number(), line.dead().stream().mapToInt(Register::number).toArray()));
        }
    }

    private static Tensor parameter(TorchProgram.Weight w, Format format, float[] values) {
        if (!w.channelsFirst()) {
            return Torch.tensor(values, w.shape().stream().mapToLong(Integer::longValue).toArray());
        }
        try (Tensor logical = Torch.tensor(values, w.logical().n(), w.logical().h(), w.logical().w(), w.logical().c()); Tensor t = logical.permute(0, 3, 1, 2)) {
            return Torch.in(format, t);
        }
    }

    /** The parameters, in the order of the program's. */
    List<Tensor> parameters() {
        return parameters;
    }

    /** The number of the parameter of this name. */
    int number(String name) {
        List<TorchProgram.Weight> all = program.parameters();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException("torch network: no parameter is named \"" + name + "\" (" + all.size() + " parameters)");
    }

    /** A gradient or other tensor of a parameter's shape, in the graph's order of elements. */
    Tensor logical(int parameter, Tensor t) {
        return program.parameters().get(parameter).channelsFirst() ? t.permute(0, 2, 3, 1) : t;
    }

    /**
     * Computes the outputs. Tensors are freed as soon as nothing reads them, as in a program that holds them in variables.
     *
     * @param inputs in the order of the program's inputs
     */
    Tensor[] forward(Tensor... inputs) {
        if (inputs.length != program.inputs().size()) {
            throw new IllegalArgumentException("torch network: expected " + program.inputs().size() + " inputs, got " + inputs.length);
        }
        Tensor[] registers = given.clone();
        for (int i = 0; i < inputs.length; i++) {
            registers[program.inputs().get(i).register().number()] = inputs[i];
        }
        for (Instruction instruction : instructions) {
            registers[instruction.y] = instruction.function.apply(registers);
            for (int r : instruction.dead) {
                registers[r].close();
                registers[r] = null;
            }
        }
        return program.outputs().stream().map(o -> registers[o.register().number()]).toArray(Tensor[]::new);
    }
}
