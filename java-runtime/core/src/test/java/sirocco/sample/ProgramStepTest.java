package sirocco.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sirocco.api.Backends;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Philox;
import sirocco.api.RandomKey;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.Programs;
import sirocco.diffusion.ScalarSolver;
import sirocco.diffusion.SolverProgram;
import sirocco.diffusion.VarianceHead;

/** Programs of solvers on a device against the same programs one number at a time, with SiLU for a network. */
class ProgramStepTest {
    private static final Shape SHAPE = new Shape(2, 4, 3, 3);
    private static final long SEED = 77;
    private static final DiscreteProcess PROCESS = new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 100), Prediction.EPSILON);

    /** Of float32, over a dozen rows whose numbers are of size 1 at the end. */
    private static final double CLOSE = 2e-4;

    @ParameterizedTest
    @ValueSource(strings = {"ddpm", "dpm++3m", "dpm++2m-sde", "euler", "euler:clip=none,sigmas=exponential", "euler-a", "heun", "heun:clip=none,sigmas=karras"})
    void computesTheProgram(String text) {
        computes(Programs.of(text, PROCESS, 7));
    }

    /** The variance head answers v = ½·SiLU of the input. */
    @ParameterizedTest
    @EnumSource
    void computesAVarianceForEachElement(VarianceHead head) {
        SolverProgram program = Programs.of("ddpm-learned", new DiscreteProcess(PROCESS.schedule(), Prediction.EPSILON, Optional.of(head)), 7);
        assertTrue(program.variance().isPresent() && FusedTable.of(program).isEmpty());
        computes(program);
    }

    /** The range of the last step is wide, since the posterior's variance is 0; no output of the network may make its noise, which is not added, infinite. */
    @Test
    void theLastStepHasNoVariance() {
        SolverProgram program = Programs.of("ddpm-learned", new DiscreteProcess(PROCESS.schedule(), Prediction.EPSILON, Optional.of(VarianceHead.LEARNED_RANGE)), 7);
        assertEquals(0, program.variance().orElseThrow().low()[6]);
        assertEquals(0, program.variance().orElseThrow().range()[6]);
        assertTrue(program.variance().orElseThrow().range()[5] > 0);
    }

    private static void computes(SolverProgram program) {
        int each = (int) SHAPE.imageElements();
        float[] start = new float[SHAPE.n() * each];
        for (int i = 0; i < SHAPE.n(); i++) {
            Philox.normals(SEED, i, 0, Philox.INITIAL, start, i * each, each);
        }
        for (int i = 0; i < start.length; i++) {
            start[i] *= (float) program.start();
        }

        GraphBuilder g = new GraphBuilder();
        RandomKey key = new RandomKey(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(SHAPE.n(), 1), DType.I32));
        HostInputs inputs = new HostInputs();
        ProgramStep step = ProgramStep.record(g, inputs, program, SHAPE, key, SHAPE.n(), (x, t, tables) -> {
            Value out = g.in("network", () -> g.silu(x));
            return new SolverStep.Output(out, program.variance().map(_ -> g.in("variance", () -> g.scale(out, 0.5))));
        });
        float[] ours = new float[start.length];
        try (Device device = Backends.choose("cpu").open(Settings.DEFAULT); Executable e = device.load(device.plan(g.build()))) {
            inputs.writeTables(e);
            e.write(key.rng(), new int[] {(int) SEED, 0, 0, 0});
            e.write(key.index(), new int[] {0, 1});
            e.write(step.registers().getFirst(), start);
            e.repeat(program.steps());
            e.read(step.registers().getFirst(), ours);
            int[] cursor = new int[1];
            e.read(step.cursor(), cursor);
            assertEquals(program.steps(), cursor[0]);
        }

        double[] x = new double[start.length];
        Arrays.setAll(x, i -> start[i]);
        ScalarSolver scalar = new ScalarSolver(program, x);
        for (int row = 0; !scalar.done(); row++) {
            float[] noise = new float[start.length];
            for (int i = 0; i < SHAPE.n(); i++) {
                Philox.normals(SEED, i, row, Philox.SAMPLING, noise, i * each, each);
            }
            double[] z = new double[noise.length];
            Arrays.setAll(z, i -> noise[i]);
            double[] out = Arrays.stream(scalar.input()).map(v -> v / (1 + Math.exp(-v))).toArray();
            scalar.step(out, Arrays.stream(out).map(v -> 0.5 * v).toArray(), z);
        }
        double[] found = new double[ours.length];
        Arrays.setAll(found, i -> ours[i]);
        double largest = Math.max(1, Arrays.stream(scalar.x()).map(Math::abs).max().orElseThrow());
        assertArrayEquals(scalar.x(), found, CLOSE * largest);
    }
}
