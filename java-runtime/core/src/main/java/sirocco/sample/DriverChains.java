package sirocco.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import sirocco.api.Executable;
import sirocco.diffusion.SolverDriver;

/**
 * Chains that the host drives. Images that are finished are evaluated again with the others, without effect. A step is everything up to the next change of an
 * image's registers.
 */
final class DriverChains implements Chains {
    private final SolverDriver driver;
    private final DriverStep step;
    private final List<SolverDriver.Course> courses = new ArrayList<>();
    private final List<SolverDriver.Row> rows = new ArrayList<>();
    private final float[] errors;
    private final float[] change;
    private Executable executable;

    DriverChains(SolverDriver driver, DriverStep step) {
        this.driver = driver;
        this.step = step;
        errors = new float[Math.toIntExact(step.error().shape().elements())];
        change = new float[Math.toIntExact(step.change().shape().elements())];
    }

    @Override
    public void begin(Executable executable, int first, float[] x) {
        this.executable = executable;
        courses.clear();
        rows.clear();
        int each = x.length / errors.length;
        for (int i = 0; i < errors.length; i++) {
            double squares = 0;
            for (int e = i * each; e < (i + 1) * each; e++) {
                double ratio = x[e] / (driver.atol() + driver.rtol() * Math.abs(x[e]));
                squares += ratio * ratio;
            }
            courses.add(driver.begin(first + i, Math.sqrt(squares / each)));
        }
    }

    @Override
    public OptionalInt steps() {
        return OptionalInt.empty();
    }

    @Override
    public boolean step(int steps) {
        for (int i = 0; i < steps && !done(); i++) {
            boolean changed = false;
            while (!changed && !done()) {
                changed = evaluate();
            }
        }
        return !done();
    }

    @Override
    public boolean finish(BooleanSupplier stop) {
        while (!done()) {
            if (stop.getAsBoolean()) {
                return false;
            }
            step(1);
        }
        return true;
    }

    @Override
    public int evaluations(int image) {
        return courses.get(image).evaluations();
    }

    private boolean done() {
        return courses.stream().allMatch(SolverDriver.Course::done);
    }

    /** Evaluates the network once; true if registers changed after that. */
    private boolean evaluate() {
        for (int i = 0; i < errors.length; i++) {
            SolverDriver.Course course = courses.get(i);
            if (rows.size() == i) {
                rows.add(course.next());
            } else if (course.done()) {
                rows.set(i, idle(rows.get(i)));
            } else {
                rows.set(i, course.next());
            }
        }
        step.tables().write(executable, rows);
        executable.run(DriverStep.EVALUATE);
        if (rows.stream().anyMatch(SolverDriver.Row::measured)) {
            executable.read(step.error(), errors);
        }
        int m = driver.registers();
        boolean changed = false;
        for (int i = 0; i < errors.length; i++) {
            SolverDriver.Course course = courses.get(i);
            Optional<double[][]> matrix = course.done() ? Optional.empty() : course.evaluated(rows.get(i).measured() ? Math.sqrt(errors[i]) : Double.NaN);
            changed |= matrix.isPresent();
            for (int j = 0; j < m * m; j++) {
                change[i * m * m + j] = matrix.isPresent() ? (float) matrix.get()[j / m][j % m] : j / m == j % m ? 1 : 0;
            }
        }
        if (changed) {
            executable.write(step.change(), change);
            executable.run(DriverStep.CHANGE);
        }
        return changed;
    }

    /** Returns a row that evaluates the network where it was evaluated last and keeps all registers. */
    private SolverDriver.Row idle(SolverDriver.Row last) {
        int m = driver.registers();
        double[][] next = new double[m + 2][m + 2];
        for (int i = 0; i < m; i++) {
            next[i][i] = 1;
        }
        double[] point = new double[m];
        point[0] = 1;
        return new SolverDriver.Row(last.at(), point, next, false);
    }
}
