package sirocco.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.BinaryFunction;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.GraphBuilder;
import sirocco.api.Philox;
import sirocco.api.Random;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.SolverProgram;
import sirocco.diffusion.VarianceHead;

/**
 * Records one row of a {@link SolverProgram} as a graph: run as often as the program has rows, it goes from noise to images without host synchronization.
 *
 * @param registers STATE [n,h,w,c] each; the first is x
 * @param cursor STATE I32 scalar, the row to do next
 */
record ProgramStep(List<Value> registers, Value cursor) implements SolverStep {
    /**
     * @param inputs to which the solver's tables are added
     * @param evaluated k·n, the images that the network evaluates in a step
     */
    static ProgramStep record(GraphBuilder g, HostInputs inputs, SolverProgram program, Shape shape, RandomKey key, int evaluated, Model network) {
        int steps = program.steps();
        Value x = g.state("x", shape, DType.F32);
        List<Value> registers = new ArrayList<>(List.of(x));
        Optional<float[]> fused = FusedTable.of(program);
        if (fused.isPresent()) {
            boolean remembers = program.registers() == 3;
            Optional<Value> h1 = remembers ? Optional.of(g.state("x0.previous", shape, DType.F32)) : Optional.empty();
            Optional<Value> h2 = remembers ? Optional.of(g.state("x0.before", shape, DType.F32)) : Optional.empty();
            Value cursor = g.state("cursor", Shape.SCALAR, DType.I32);
            ProgramTables tables = new ProgramTables(g, inputs, program, cursor);
            Value table = inputs.table(g, "table", new Shape(steps, 1, 1, FusedTable.COLUMNS), fused.get());
            Value t = g.in("timestep", () -> g.chainTimestep(table, cursor, evaluated));
            Value out = network.output(x, t, tables).prediction();
            g.in("sampling_step", () -> {
                g.samplingStep(out, table, key.rng(), key.index(), x, h1, h2, cursor);
                return null;
            });
            h1.ifPresent(registers::add);
            h2.ifPresent(registers::add);
            return new ProgramStep(registers, cursor);
        }
        for (int i = 1; i < program.registers(); i++) {
            registers.add(g.state("register." + i, shape, DType.F32));
        }
        Value cursor = g.state("cursor", Shape.SCALAR, DType.I32);
        ProgramTables tables = new ProgramTables(g, inputs, program, cursor);
        Value t = tables.table("solver.timesteps", 1, 1, (r, j) -> r.level().time());
        Value scale = tables.table("solver.input_scale", 1, 1, (r, j) -> r.level().inputScale());
        Value clip = tables.table("solver.clip", 1, 1, (r, j) -> r.clip());
        Value clean = tables.table("solver.clean", 1, 2, (r, j) -> j == 0 ? r.kx() : r.ko());
        int m = program.registers();
        boolean noise = program.stochastic();
        int columns = m + (noise ? 3 : 2);
        Value next = tables.table("solver.next", m, columns, (r, j) -> r.next()[j / columns][j % columns]);

        Value now = g.in("timestep", () -> g.lookup(t, cursor, 0, evaluated));
        boolean scaled = program.rows().stream().anyMatch(r -> r.level().inputScale() != 1);
        Value in = scaled ? g.in("input_scale", () -> g.combine(scale, cursor, List.of(x)).getFirst()) : x;
        Output output = network.output(in, now, tables);
        Value out = output.prediction();
        Optional<Value> deviation = program.variance().map(p -> g.in("deviation", () -> {
            Value low = tables.table("solver.low", p.low());
            Value range = tables.table("solver.range", p.range());
            return deviation(g, p.head(), output.variance().orElseThrow(), g.lookup(low, cursor, 0), g.lookup(range, cursor, 0));
        }));
        g.in("solver", () -> {
            Value x0 = g.in("clean", () -> g.combine(clean, cursor, List.of(x, out)).getFirst());
            if (program.rows().stream().anyMatch(r -> r.clip() < Double.POSITIVE_INFINITY)) {
                Value unclipped = x0;
                x0 = g.in("clip", () -> {
                    Value bound = g.in("bound", () -> g.lookup(clip, cursor, 0));
                    Value low = g.in("low", () -> g.scale(bound, -1));
                    return g.binary(g.in("above", () -> g.binary(unclipped, bound, BinaryFunction.MINIMUM)), low, BinaryFunction.MAXIMUM);
                });
            }
            List<Value> terms = new ArrayList<>(registers);
            terms.add(x0);
            terms.add(out);
            if (noise) {
                Value z = g.in("noise", () -> g.draw(Random.Distribution.NORMAL, key.rng(), key.index(), Optional.of(cursor), Philox.SAMPLING, shape));
                terms.add(deviation.isPresent() ? g.in("noise.scaled", () -> g.multiply(z, deviation.get())) : z);
            }
            List<Value> after = g.in("next", () -> g.combine(next, cursor, terms));
            for (int i = 0; i < m; i++) {
                g.assign(after.get(i), registers.get(i));
            }
            return g.record(new Diffusion.Advance(cursor), null);
        });
        return new ProgramStep(registers, cursor);
    }

    /** σ = exp(½·log σ²) of each element. */
    private static Value deviation(GraphBuilder g, VarianceHead head, Value v, Value low, Value range) {
        return g.unary(g.scale(g.add(head.above(g, v, low, range), low), 0.5), UnaryFunction.EXP);
    }
}
