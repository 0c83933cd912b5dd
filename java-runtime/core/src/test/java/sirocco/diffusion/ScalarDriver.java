package sirocco.diffusion;

/** A {@link SolverDriver} run for one image in double precision: what a device must compute. */
public final class ScalarDriver {
    /** The network: the output for an input, at a level. */
    @FunctionalInterface
    public interface Model {
        double[] output(double[] in, Level level);
    }

    private final SolverDriver driver;
    private final SolverDriver.Course course;
    private double[][] registers;

    /** @param start x at the start, the driver's start included; copied */
    public ScalarDriver(SolverDriver driver, long image, double[] start) {
        this.driver = driver;
        registers = new double[driver.registers()][start.length];
        registers[0] = start.clone();
        course = driver.begin(image, error(start, start, start));
    }

    /** Samples to the end, and returns x. */
    public double[] finish(Model model) {
        while (!course.done()) {
            SolverDriver.Row row = course.next();
            int m = registers.length;
            double[] y = combine(new double[][] {row.point()}, registers)[0];
            double[] in = y.clone();
            for (int e = 0; e < in.length; e++) {
                in[e] *= row.level().inputScale();
            }
            double[][] terms = new double[m + 2][];
            System.arraycopy(registers, 0, terms, 0, m);
            terms[m] = y;
            terms[m + 1] = model.output(in, row.level());
            double[][] after = combine(row.next(), terms);
            double error = error(after[m], registers[0], after[m + 1]);
            System.arraycopy(after, 0, registers, 0, m);
            course.evaluated(row.measured() ? error : Double.NaN).ifPresent(change -> registers = combine(change, registers));
        }
        return registers[0];
    }

    public int evaluations() {
        return course.evaluations();
    }

    private double error(double[] e, double[] x, double[] w) {
        double squares = 0;
        for (int i = 0; i < e.length; i++) {
            squares += Math.pow(e[i] / (driver.atol() + driver.rtol() * Math.max(Math.abs(x[i]), Math.abs(w[i]))), 2);
        }
        return Math.sqrt(squares / e.length);
    }

    private static double[][] combine(double[][] matrix, double[][] terms) {
        double[][] sums = new double[matrix.length][terms[0].length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < terms.length; j++) {
                for (int e = 0; e < sums[i].length && matrix[i][j] != 0; e++) {
                    sums[i][e] += matrix[i][j] * terms[j][e];
                }
            }
        }
        return sums;
    }
}
