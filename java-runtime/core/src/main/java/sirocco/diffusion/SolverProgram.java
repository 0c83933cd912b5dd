package sirocco.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A sampling chain as a straight-line linear program over a few registers: R_0 is x, where the model is evaluated; the others are what the solver remembers.
 * One row is one evaluation of the model:
 * <pre>
 *   out = model(inputScale · R_0, t)
 *   x̂_0 = clamp(kx·R_0 + ko·out, −clip, clip)
 *   R_i ← Σ_j next[i][j]·R_j + next[i][m]·x̂_0 + next[i][m+1]·out + next[i][m+2]·z,   z standard normal
 * </pre>
 * z is multiplied by the σ of its element if the program has a {@link PixelVariance}; all else is linear. A chain begins
 * from R_0 = start·(standard normal) and all other registers 0. The image is R_0 after the last row. {@link ScalarSolver} is this in code. All coefficients
 * are in double precision; a device rounds them once.
 *
 * @param registers m, 1 to {@value #MOST_REGISTERS}
 * @param start standard deviation of x at the start of the chain
 * @param variance where z has a factor σ for each element, which the network's output says
 */
public record SolverProgram(int registers, double start, List<Row> rows, Optional<PixelVariance> variance) implements SamplingMethod {
    /** Registers, x̂_0, out and z are inputs of one combination. */
    public static final int MOST_REGISTERS = 5;

    /** Columns of a row of {@link Row#next} after those of the registers. */
    public static final int CLEAN = 0;
    public static final int OUT = 1;
    public static final int NOISE = 2;

    /**
     * One evaluation of the model.
     *
     * @param level the noise level of x, with the time and the factor of x that the model receives
     * @param kx factor of x in x̂_0
     * @param ko factor of the model's output in x̂_0
     * @param clip bound of |x̂_0|, above 0; +∞ for none
     * @param next [m][m + 3], see {@link SolverProgram}
     */
    public record Row(Level level, double kx, double ko, double clip, double[][] next) implements Evaluation { }

    public SolverProgram {
        rows = List.copyOf(rows);
        if (registers < 1 || registers > MOST_REGISTERS) {
            throw new IllegalArgumentException("solver program: expected 1 to " + MOST_REGISTERS + " registers, got " + registers);
        }
        for (int i = 0; i < rows.size(); i++) {
            check(rows.get(i), i, rows.size(), registers);
        }
    }

    /** A program that is linear. */
    public SolverProgram(int registers, double start, List<Row> rows) {
        this(registers, start, rows, Optional.empty());
    }

    /** Returns this program with noise whose deviation the network says. */
    SolverProgram with(PixelVariance variance) {
        return new SolverProgram(registers, start, rows, Optional.of(variance));
    }

    private static void check(Row row, int i, int rows, int registers) {
        List<Double> all = new ArrayList<>(List.of(row.level.time(), row.level.inputScale(), row.kx, row.ko));
        for (double[] register : row.next) {
            if (register.length != registers + 3) {
                throw new IllegalArgumentException("solver program: row " + i + " has " + register.length + " coefficients, expected " + (registers + 3));
            }
            Arrays.stream(register).forEach(all::add);
        }
        for (double c : all) {
            if (!Float.isFinite((float) c)) {
                throw new IllegalArgumentException("sampling step " + i + " of " + rows + ", timestep " + row.level.time() + ": a coefficient is " + c
                        + "; the schedule and these sampler settings do not go together");
            }
        }
    }

    /** Evaluations of the model. */
    public int steps() {
        return rows.size();
    }

    /** What the model receives at each step. */
    public double[] timesteps() {
        return rows.stream().mapToDouble(r -> r.level().time()).toArray();
    }

    /** Whether any row adds noise. */
    public boolean stochastic() {
        return rows.stream().anyMatch(r -> Arrays.stream(r.next).anyMatch(c -> c[registers + NOISE] != 0));
    }

    /**
     * A program of the multistep form: x and, if any row needs them, the last two x̂_0.
     *
     * @param timesteps falling
     * @param clip bound of |x̂_0| in every step, above 0; +∞ for none
     */
    static final class Multistep {
        private final Parameterization output;
        private final double clip;
        private final List<Level> levels = new ArrayList<>();
        private final List<double[]> rows = new ArrayList<>();

        Multistep(Parameterization output, double clip) {
            this.output = output;
            this.clip = clip;
        }

        /** Adds a step: x̂_0 of x and out at this level, x' = cx·x + c0·x̂_0 + co·out + c1·h1 + c2·h2 + sigma·z; h2 ← h1, h1 ← x̂_0. */
        void row(Level level, double cx, double c0, double co, double c1, double c2, double sigma) {
            levels.add(level);
            rows.add(new double[] {output.x0FromX(level.a(), level.s()), output.x0FromOut(level.a(), level.s()), cx, c0, co, c1, c2, sigma});
        }

        SolverProgram build() {
            boolean remembers = rows.stream().anyMatch(r -> (float) r[5] != 0 || (float) r[6] != 0);
            List<Row> all = new ArrayList<>();
            for (int i = 0; i < rows.size(); i++) {
                double[] r = rows.get(i);
                double[][] next = remembers
                        ? new double[][] {{r[2], r[5], r[6], r[3], r[4], r[7]}, {0, 0, 0, 1, 0, 0}, {0, 1, 0, 0, 0, 0}}
                        : new double[][] {{r[2], r[3], r[4], r[7]}};
                all.add(new Row(levels.get(i), r[0], r[1], clip, next));
            }
            return new SolverProgram(remembers ? 3 : 1, 1, all);
        }
    }

    /** Rejects a bound that bounds nothing sensible. */
    static void checkClip(double clip) {
        if (!(clip > 0)) {
            throw new IllegalArgumentException("clip: expected a bound above 0, or infinity for none, got " + clip);
        }
    }

    /** Rejects a negative offset. */
    static void checkOffset(int stepsOffset) {
        if (stepsOffset < 0) {
            throw new IllegalArgumentException("steps offset: expected 0 or more, got " + stepsOffset);
        }
    }
}
