package sirocco.sample;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import sirocco.api.BinaryFunction;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.GraphBuilder;
import sirocco.api.Philox;
import sirocco.api.Random;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.diffusion.SolverProgram;

/**
 * Records one row of a {@link SolverProgram} as a graph: run as often as the program has rows, it goes from noise to images without host synchronization.
 *
 * @param registers STATE [n,h,w,c] each; the first is x
 * @param cursor STATE I32 scalar, the row to do next
 * @param tables what the host writes once, with its contents
 */
record ProgramStep(List<Value> registers, Value cursor, Map<Value, float[]> tables) {
    /**
     * @param rng I32 [1,1,1,4]
     * @param index I32 [n,1,1,1]
     * @param evaluated images that the network evaluates at a time: n, or 2n with guidance
     * @param network records the network, guidance included: from its input [n,h,w,c] and t [evaluated,1,1,1] to its output [n,h,w,c]
     */
    static ProgramStep record(GraphBuilder g, SolverProgram program, Shape shape, Value rng, Value index, int evaluated,
                              BiFunction<Value, Value, Value> network) {
        int steps = program.steps();
        Map<Value, float[]> tables = new LinkedHashMap<>();
        Value x = g.state("x", shape, DType.F32);
        List<Value> registers = new ArrayList<>(List.of(x));
        Optional<float[]> fused = FusedTable.of(program);
        if (fused.isPresent()) {
            boolean remembers = program.registers() == 3;
            Optional<Value> h1 = remembers ? Optional.of(g.state("x0.previous", shape, DType.F32)) : Optional.empty();
            Optional<Value> h2 = remembers ? Optional.of(g.state("x0.before", shape, DType.F32)) : Optional.empty();
            Value cursor = g.state("cursor", Shape.SCALAR, DType.I32);
            Value table = g.input("table", new Shape(steps, 1, 1, FusedTable.COLUMNS), DType.F32);
            tables.put(table, fused.get());
            Value t = g.in("timestep", () -> g.chainTimestep(table, cursor, evaluated));
            Value out = network.apply(x, t);
            g.in("sampling_step", () -> {
                g.samplingStep(out, table, rng, index, x, h1, h2, cursor);
                return null;
            });
            h1.ifPresent(registers::add);
            h2.ifPresent(registers::add);
            return new ProgramStep(registers, cursor, tables);
        }
        for (int i = 1; i < program.registers(); i++) {
            registers.add(g.state("register." + i, shape, DType.F32));
        }
        Value cursor = g.state("cursor", Shape.SCALAR, DType.I32);
        Value t = table(g, tables, "timesteps", program, 1, 1, (r, j) -> r.t());
        Value scale = table(g, tables, "input_scale", program, 1, 1, (r, j) -> r.inputScale());
        Value clip = table(g, tables, "clip", program, 1, 1, (r, j) -> r.clip());
        Value clean = table(g, tables, "clean", program, 1, 2, (r, j) -> j == 0 ? r.kx() : r.ko());
        int m = program.registers();
        boolean noise = program.stochastic();
        int columns = m + (noise ? 3 : 2);
        Value next = table(g, tables, "next", program, m, columns, (r, j) -> r.next()[j / columns][j % columns]);

        Value now = g.in("timestep", () -> g.lookup(t, cursor, 0, evaluated));
        boolean scaled = program.rows().stream().anyMatch(r -> r.inputScale() != 1);
        Value in = scaled ? g.in("input_scale", () -> g.combine(scale, cursor, List.of(x)).getFirst()) : x;
        Value out = network.apply(in, now);
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
                terms.add(g.in("noise", () -> g.draw(Random.Distribution.NORMAL, rng, index, Optional.of(cursor), Philox.SAMPLING, shape)));
            }
            List<Value> after = g.in("next", () -> g.combine(next, cursor, terms));
            for (int i = 0; i < m; i++) {
                g.assign(after.get(i), registers.get(i));
            }
            return g.record(new Diffusion.Advance(cursor), null);
        });
        return new ProgramStep(registers, cursor, tables);
    }

    private interface Entry {
        double of(SolverProgram.Row row, int column);
    }

    private static Value table(GraphBuilder g, Map<Value, float[]> tables, String name, SolverProgram program, int height, int width, Entry entry) {
        Value v = g.input("solver." + name, new Shape(program.steps(), 1, height, width), DType.F32);
        int each = height * width;
        float[] data = new float[program.steps() * each];
        for (int i = 0; i < data.length; i++) {
            data[i] = (float) entry.of(program.rows().get(i / each), i % each);
        }
        tables.put(v, data);
        return v;
    }
}
