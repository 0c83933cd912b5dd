package sirocco.diffusion;

/**
 * A {@link SolverProgram} run one number at a time in double precision: what a device must compute.
 *
 * <p>Use: evaluate the model at {@link #input()} and {@link #timestep()}, call {@link #step} with the result, and so on until {@link #done}.
 */
public final class ScalarSolver {
    private final SolverProgram program;
    private final double[][] registers;
    private int step;

    /** @param start x of the first step, the program's start included; copied */
    public ScalarSolver(SolverProgram program, double[] start) {
        this.program = program;
        registers = new double[program.registers()][start.length];
        registers[0] = start.clone();
    }

    public boolean done() {
        return step == program.steps();
    }

    /** The timestep to give the model now. */
    public double timestep() {
        return program.rows().get(step).level().time();
    }

    /** The model's input now: a copy. */
    public double[] input() {
        double[] input = registers[0].clone();
        for (int i = 0; i < input.length; i++) {
            input[i] *= program.rows().get(step).level().inputScale();
        }
        return input;
    }

    /** x itself, changed by every step. */
    public double[] x() {
        return registers[0];
    }

    /** Does one step of a program that is linear. */
    public void step(double[] out, double[] z) {
        if (program.variance().isPresent()) {
            throw new IllegalArgumentException("scalar solver: the program has a variance for each element. Pass the output of the variance head.");
        }
        step(out, out, z);
    }

    /**
     * Does one step.
     *
     * @param out the model's output, the prediction of each element
     * @param v the output of the variance head for each element; not read if the program has no {@link PixelVariance}
     * @param z standard normal noise; not read where the row's factor of it is 0
     */
    public void step(double[] out, double[] v, double[] z) {
        SolverProgram.Row row = program.rows().get(step);
        int m = registers.length;
        for (int e = 0; e < out.length; e++) {
            double deviation = program.variance().isPresent() ? program.variance().get().deviation(step, v[e]) : 1;
            double clean = Math.clamp(row.kx() * registers[0][e] + row.ko() * out[e], -row.clip(), row.clip());
            double[] next = new double[m];
            for (int i = 0; i < m; i++) {
                double[] c = row.next()[i];
                for (int j = 0; j < m; j++) {
                    next[i] += c[j] * registers[j][e];
                }
                next[i] += c[m] * clean + c[m + 1] * out[e] + (c[m + 2] == 0 ? 0 : c[m + 2] * deviation * z[e]);
            }
            for (int i = 0; i < m; i++) {
                registers[i][e] = next[i];
            }
        }
        step++;
    }
}
