package sirocco.diffusion;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.DoubleFunction;

/**
 * The Runge-Kutta pair 5(4) of Dormand &amp; Prince 1980 for dx/ds = (x − x̂_0)/s, s the standard deviation of a level. Steps are chosen as in Hairer, Nørsett
 * &amp; Wanner 1993 (section II.4), with the constants of SciPy's {@code RK45}: the fifth-order result continues, the error of a step is measured by the root mean
 * square over the image, and the next step is 0.9·error^(−1/5) times as long, within 0.2 and 10.
 *
 * <p>The first step takes two evaluations to be chosen. Each attempt at a step takes six, since the slope at the end of a step is that at the start of the next.
 *
 * <p>Registers: x, the slopes k_1 … k_5. When k_6 is known, the place of k_2 is taken by x at the end of the step and that of k_3 by its error so far; then that of
 * k_4 by k_7.
 *
 * @param from where integration starts
 * @param to where it ends, below {@code from}
 * @param at returns the level at a point in [to, from]
 * @param start standard deviation of x at the start
 * @param rtol relative tolerance
 * @param atol absolute tolerance
 * @param last where one Euler step after the end leads, if any
 * @param limit most evaluations of an image
 */
record DormandPrince(double from, double to, DoubleFunction<? extends Evaluation> at, double start, double rtol, double atol, OptionalDouble last, int limit)
        implements SolverDriver {
    /** Evaluations up to the end of the first step. */
    static final int FEWEST = 8;

    private static final int STAGES = 7;
    private static final double[] C = {0, 1 / 5.0, 3 / 10.0, 4 / 5.0, 8 / 9.0, 1, 1};
    private static final double[][] A = {
        {},
        {1 / 5.0},
        {3 / 40.0, 9 / 40.0},
        {44 / 45.0, -56 / 15.0, 32 / 9.0},
        {19372 / 6561.0, -25360 / 2187.0, 64448 / 6561.0, -212 / 729.0},
        {9017 / 3168.0, -355 / 33.0, 46732 / 5247.0, 49 / 176.0, -5103 / 18656.0},
        {35 / 384.0, 0, 500 / 1113.0, 125 / 192.0, -2187 / 6784.0, 11 / 84.0},
    };
    /** The fifth-order weights, those of stage 7, less the fourth-order ones. */
    private static final double[] E = {-71 / 57600.0, 0, 71 / 16695.0, -71 / 1920.0, 17253 / 339200.0, -22 / 525.0, 1 / 40.0};

    private static final double SAFETY = 0.9;
    private static final double SMALLEST_FACTOR = 0.2;
    private static final double LARGEST_FACTOR = 10;
    private static final double EXPONENT = -1 / 5.0;

    private static final int REGISTERS = 6;
    /** Columns of y and out. */
    private static final int Y = REGISTERS;
    private static final int OUT = REGISTERS + 1;
    /** Rows of error and of what the tolerance refers to beside R_0. */
    private static final int ERROR = REGISTERS;
    private static final int SCALE = REGISTERS + 1;
    /** Registers of the end of a step, of its error so far, and of the slope there. */
    private static final int STEP_END = 2;
    private static final int PARTIAL_ERROR = 3;
    private static final int END_SLOPE = 4;

    @Override
    public int registers() {
        return REGISTERS;
    }

    @Override
    public Course begin(long image, double size) {
        return new Image(image, size);
    }

    /** An image's own steps. */
    private final class Image implements Course {
        private final long image;
        private final double size;
        private int evaluations;
        /** Evaluations made to choose the first step: 0 to 2. */
        private int probes;
        private double slopeSize;
        /** The stage to evaluate next, 2 … 7. */
        private int stage = 2;
        private double s = from;
        /** The end of the step that is tried. */
        private double end;
        private boolean rejected;
        private boolean done;

        Image(long image, double size) {
            this.image = image;
            this.size = size;
        }

        @Override
        public boolean done() {
            return done;
        }

        @Override
        public int evaluations() {
            return evaluations;
        }

        @Override
        public Row next() {
            double h = end - s;
            double[] point = new double[REGISTERS];
            double[][] next = identity(REGISTERS + 2, REGISTERS + 2);
            next[ERROR] = new double[REGISTERS + 2];
            next[SCALE] = new double[REGISTERS + 2];
            if (probes < 2) {
                Evaluation e = at.apply(probes == 0 ? s : end);
                point[0] = 1;
                point[1] = probes == 0 ? 0 : h;
                next[SCALE][0] = 1;
                next[ERROR] = slope(e);
                if (probes == 0) {
                    next[1] = slope(e);
                } else {
                    next[ERROR][1] = -1;
                }
                return new Row(e, point, next, true);
            }
            Evaluation e = at.apply(C[stage - 1] == 1 ? end : s + C[stage - 1] * h);
            if (stage == STAGES) {
                point[STEP_END] = 1;
                next[END_SLOPE] = slope(e);
                next[ERROR] = scaled(slope(e), h * E[STAGES - 1]);
                next[ERROR][PARTIAL_ERROR] = 1;
                next[SCALE][Y] = 1;
                return new Row(e, point, next, true);
            }
            point[0] = 1;
            for (int j = 1; j < stage; j++) {
                point[j] = h * A[stage - 1][j - 1];
            }
            if (stage < STAGES - 1) {
                next[stage] = slope(e);
                return new Row(e, point, next, false);
            }
            next[STEP_END] = scaled(slope(e), h * A[STAGES - 1][stage - 1]);
            next[PARTIAL_ERROR] = scaled(slope(e), h * E[stage - 1]);
            next[STEP_END][0] = 1;
            for (int j = 1; j < stage; j++) {
                next[STEP_END][j] = h * A[STAGES - 1][j - 1];
                next[PARTIAL_ERROR][j] = h * E[j - 1];
            }
            return new Row(e, point, next, false);
        }

        @Override
        public Optional<double[][]> evaluated(double error) {
            evaluations++;
            if (probes == 2 && stage < STAGES) {
                stage++;
                return Optional.empty();
            }
            if (!Double.isFinite(error)) {
                throw failure("the error of a step is not a number; the network's output is not finite", "Check the model's weights.");
            }
            if (probes == 0) {
                return firstSlope(error);
            }
            if (probes == 1) {
                firstStep(error);
                return Optional.empty();
            }
            stage = 2;
            double length = Math.abs(end - s);
            double factor = error == 0 ? LARGEST_FACTOR : SAFETY * Math.pow(error, EXPONENT);
            if (error >= 1) {
                rejected = true;
                attempt(length * Math.max(SMALLEST_FACTOR, factor));
                return Optional.empty();
            }
            double[][] change = identity(REGISTERS, REGISTERS);
            change[0] = unit(STEP_END);
            change[1] = unit(END_SLOPE);
            s = end;
            if (s == to) {
                finish(change[0], END_SLOPE);
            } else {
                double next = length * Math.min(factor, rejected ? 1 : LARGEST_FACTOR);
                rejected = false;
                attempt(Math.max(next, shortest()));
            }
            return Optional.of(change);
        }

        private Optional<double[][]> firstSlope(double error) {
            probes = 1;
            slopeSize = error;
            if (from == to) {
                double[][] change = identity(REGISTERS, REGISTERS);
                finish(change[0], 1);
                return Optional.of(change);
            }
            double length = size < 1e-5 || slopeSize < 1e-5 ? 1e-6 : 0.01 * size / slopeSize;
            end = ahead(length);
            return Optional.empty();
        }

        private void firstStep(double error) {
            probes = 2;
            double length = Math.abs(end - s);
            double curvature = error / length;
            double chosen = slopeSize <= 1e-15 && curvature <= 1e-15 ? Math.max(1e-6, length * 1e-3)
                    : Math.pow(0.01 / Math.max(slopeSize, curvature), -EXPONENT);
            attempt(Math.max(Math.min(100 * length, chosen), shortest()));
        }

        /** Begins to try a step. */
        private void attempt(double length) {
            if (length < shortest()) {
                throw failure("a step of " + length + " is too short for double precision", "Loosen the tolerances.");
            }
            if (evaluations + STAGES - 1 > limit) {
                throw failure("it is not finished after " + evaluations + " evaluations (limit " + limit + ")", "Loosen the tolerances, or raise the limit.");
            }
            end = ahead(length);
        }

        private double ahead(double length) {
            return from > to ? Math.max(s - length, to) : Math.min(s + length, to);
        }

        private double shortest() {
            return 10 * Math.abs(Math.nextAfter(s, from > to ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY) - s);
        }

        /** Adds the step to {@code last}, by the slope at the end. */
        private void finish(double[] x, int slope) {
            last.ifPresent(l -> x[slope] += l - to);
            done = true;
        }

        private IllegalStateException failure(String what, String remedy) {
            return new IllegalStateException("sampler rk45: image " + image + " at sigma " + (float) s + " (from " + (float) from + " to " + (float) to + "), rtol " + rtol
                    + ", atol " + atol + ": " + what + ". " + remedy);
        }
    }

    /** Returns a row for the slope (y − x̂_0)/s. */
    private static double[] slope(Evaluation e) {
        double[] row = new double[REGISTERS + 2];
        row[Y] = (1 - e.kx()) / e.level().s();
        row[OUT] = -e.ko() / e.level().s();
        return row;
    }

    private static double[] scaled(double[] row, double factor) {
        return Arrays.stream(row).map(c -> c * factor).toArray();
    }

    private static double[] unit(int register) {
        double[] row = new double[REGISTERS];
        row[register] = 1;
        return row;
    }

    private static double[][] identity(int rows, int columns) {
        double[][] matrix = new double[rows][columns];
        for (int i = 0; i < rows; i++) {
            matrix[i][i] = 1;
        }
        return matrix;
    }
}
