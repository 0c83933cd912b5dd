package sirocco.sample;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.SolverDriver;

/**
 * Records one evaluation of a {@link SolverDriver} as two phases of a graph: {@value #EVALUATE}, and {@value #CHANGE} of the registers. All arithmetic is done on
 * the device; the host writes the tables and reads one number an image.
 *
 * @param registers STATE [n,h,w,c] each; the first is x
 * @param tables what the host writes before each evaluation
 * @param error F32 [n,1,1,1], the squared error of the last evaluation, an output
 * @param change F32 [n,1,m,m], what the host writes before a change of the registers
 */
record DriverStep(List<Value> registers, DriverTables tables, Value error, Value change) implements SolverStep {
    static final String EVALUATE = "evaluate";
    static final String CHANGE = "change";

    /**
     * @param evaluated k·n, the images that the network evaluates in a step
     */
    static DriverStep record(GraphBuilder g, HostInputs inputs, SolverDriver driver, Shape shape, int evaluated, Model network) {
        int n = shape.n();
        int m = driver.registers();
        int[] numbers = new int[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = i;
        }
        Value row = inputs.table(g, "solver.row", Shape.features(n, 1), numbers);
        DriverTables tables = new DriverTables(g, row);
        List<Value> registers = new ArrayList<>(List.of(g.state("x", shape, DType.F32)));
        for (int i = 1; i < m; i++) {
            registers.add(g.state("register." + i, shape, DType.F32));
        }
        Value times = tables.table("solver.timesteps", 1, 1, (r, j) -> r.level().time());
        Value scale = tables.table("solver.input_scale", 1, 1, (r, j) -> r.level().inputScale());
        Value point = tables.table("solver.point", 1, m, (r, j) -> r.point()[j]);
        Value next = tables.table("solver.next", m + 2, m + 2, (r, j) -> r.next()[j / (m + 2)][j % (m + 2)]);
        Value change = g.input("solver.change", new Shape(n, 1, m, m), DType.F32);

        g.phase(EVALUATE);
        Value y = g.in("point", () -> g.combine(point, row, registers).getFirst());
        Value t = g.in("timestep", () -> g.lookup(times, g.repeat(row, Shape.features(evaluated, 1)), 0));
        Value in = g.in("input_scale", () -> g.combine(scale, row, List.of(y)).getFirst());
        Value out = network.output(in, t, tables).prediction();
        Value error = g.in("solver", () -> {
            List<Value> terms = new ArrayList<>(registers);
            terms.add(y);
            terms.add(out);
            List<Value> after = g.in("next", () -> g.combine(next, row, terms));
            Value size = g.in("error", () -> squaredError(g, driver, registers.getFirst(), after.get(m), after.get(m + 1)));
            assign(g, after, registers);
            return size;
        });
        g.output(error);
        g.phase(CHANGE);
        g.in("change", () -> {
            assign(g, g.combine(change, row, registers), registers);
            return null;
        });
        return new DriverStep(registers, tables, error, change);
    }

    private static void assign(GraphBuilder g, List<Value> from, List<Value> registers) {
        for (int i = 0; i < registers.size(); i++) {
            g.assign(from.get(i), registers.get(i));
        }
    }

    /** Records mean((e / (atol + rtol·max(|x|, |w|)))²) of each image. */
    private static Value squaredError(GraphBuilder g, SolverDriver driver, Value x, Value e, Value w) {
        Value largest = g.binary(g.unary(x, UnaryFunction.ABS), g.unary(w, UnaryFunction.ABS), BinaryFunction.MAXIMUM);
        Value ratio = g.divide(e, g.affine(largest, driver.rtol(), driver.atol()));
        return g.mean(g.unary(ratio, UnaryFunction.SQUARE), EnumSet.of(Axis.H, Axis.W, Axis.C));
    }
}
