package sirocco.sample;

import java.util.Arrays;
import java.util.Optional;
import sirocco.api.Diffusion;
import sirocco.diffusion.SolverProgram;

/** The table of {@link Diffusion.SamplingStep}, which computes programs of the multistep form in one pass: x by itself, or with the last two x̂_0. */
final class FusedTable {
    /** Floats in a row: (t, kx, ko, clip, cx, c0, co, c1, c2, sigma, 0, 0). */
    static final int COLUMNS = 12;

    private static final double[] LAST_CLEAN = {0, 0, 0, 1, 0, 0};
    private static final double[] CLEAN_BEFORE = {0, 1, 0, 0, 0, 0};

    private FusedTable() { }

    /** Returns the rows, [steps][{@value #COLUMNS}], or nothing if the program is of another form. */
    static Optional<float[]> of(SolverProgram program) {
        boolean remembers = program.registers() == 3;
        if (program.registers() != 1 && !remembers || program.variance().isPresent()) {
            return Optional.empty();
        }
        float[] rows = new float[program.steps() * COLUMNS];
        for (int i = 0; i < program.steps(); i++) {
            SolverProgram.Row r = program.rows().get(i);
            double[][] next = r.next();
            if (r.level().inputScale() != 1 || remembers && !(Arrays.equals(next[1], LAST_CLEAN) && Arrays.equals(next[2], CLEAN_BEFORE))) {
                return Optional.empty();
            }
            int m = program.registers();
            double[] x = next[0];
            double[] row = {r.level().time(), r.kx(), r.ko(), r.clip(), x[0], x[m + SolverProgram.CLEAN], x[m + SolverProgram.OUT], remembers ? x[1] : 0,
                    remembers ? x[2] : 0, x[m + SolverProgram.NOISE]};
            for (int c = 0; c < row.length; c++) {
                rows[i * COLUMNS + c] = (float) row[c];
            }
        }
        return Optional.of(rows);
    }
}
