package sirocco.sample;

import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import sirocco.api.Executable;
import sirocco.diffusion.SolverProgram;

/** Chains whose steps are known: there is no host synchronization between them. */
final class ProgramChains implements Chains {
    /** How long a chain goes on before someone may stop it. */
    private static final double LOOK_NANOS = 0.5e9;

    private final SolverProgram program;
    private final ProgramStep step;
    private Executable executable;
    private int done;

    ProgramChains(SolverProgram program, ProgramStep step) {
        this.program = program;
        this.step = step;
    }

    @Override
    public void begin(Executable executable, int first, float[] x) {
        this.executable = executable;
        executable.write(step.cursor(), new int[] {0});
        done = 0;
    }

    @Override
    public OptionalInt steps() {
        return OptionalInt.of(program.steps());
    }

    @Override
    public boolean step(int steps) {
        int now = Math.min(steps, program.steps() - done);
        executable.repeat(now);
        done += now;
        return done < program.steps();
    }

    @Override
    public boolean finish(BooleanSupplier stop) {
        int chunk = 1;
        while (done < program.steps()) {
            if (stop.getAsBoolean()) {
                return false;
            }
            chunk = Math.min(chunk, program.steps() - done);
            long began = System.nanoTime();
            executable.repeat(chunk);
            executable.await();
            done += chunk;
            // Each step of a chain takes as long as any other; growing by no more than twice, since the first ones are the device's warm-up.
            double each = (System.nanoTime() - began) / (double) chunk;
            chunk = (int) Math.clamp(LOOK_NANOS / each, 1, 2.0 * chunk);
        }
        return true;
    }

    @Override
    public int evaluations(int image) {
        return done;
    }
}
