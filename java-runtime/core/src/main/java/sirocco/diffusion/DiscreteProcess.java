package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import sirocco.api.Diffusion;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Column;

/**
 * The variance-preserving process of Ho et al. 2020 in T discrete steps: a = √ᾱ_t, s = √(1 − ᾱ_t), t uniform in 0 … T−1.
 *
 * @param output ε, x_0 or v
 * @param varianceHead what the second half of the network's output channels says; empty if there is no such half
 */
public record DiscreteProcess(NoiseSchedule schedule, Prediction output, Optional<VarianceHead> varianceHead) implements ForwardProcess {
    /** Floats in a row of {@link #table}. */
    static final int COLUMNS = 8;

    /** The process of a network without variance head. */
    public DiscreteProcess(NoiseSchedule schedule, Prediction output) {
        this(schedule, output, Optional.empty());
    }

    /**
     * A noised batch with what was drawn for it.
     *
     * @param t I32 [n,1,1,1]
     * @param x0 F32 [n,h,w,c]
     */
    record Drawn(Noised noised, Value t, Value x0) { }

    /** Records {@link #noise}, and again its draws, which are addressed and therefore the same. */
    Drawn draw(TrainingStep step, Weighting weighting) {
        GraphBuilder g = step.graph();
        Noised noised = noise(step, weighting);
        return g.in("noising", () -> new Drawn(noised, g.drawTimestep(step.key().rng(), step.key().index(), schedule.T()),
                g.pixels(step.column(Column.IMAGE), step.key().rng(), step.key().index(), step.flip())));
    }

    /** Returns the noise level of timestep t. */
    public Level level(int t) {
        return new Level(t, 1, schedule.signal(t), schedule.noise(t));
    }

    @Override
    public Noised noise(TrainingStep step, Weighting weighting) {
        GraphBuilder g = step.graph();
        Value rows = step.inputs().table(g, "schedule", new Shape(schedule.T(), 1, 1, COLUMNS), table(weighting));
        Value images = step.column(Column.IMAGE);
        Diffusion.Noised n = g.in("noising", () -> g.noising(images, rows, step.key().rng(), step.key().index(), step.flip()));
        return new Noised(n.xt(), n.t(), n.target(), n.weight());
    }

    /**
     * Returns what {@link Diffusion.Noising} reads: for each t a row of {@value #COLUMNS} floats (a, s, te, tx, weight, 0, 0, 0), where x_t = a·x_0 + s·ε and
     * target = te·ε + tx·x_0.
     */
    float[] table(Weighting weighting) {
        float[] rows = new float[schedule.T() * COLUMNS];
        for (int t = 0; t < schedule.T(); t++) {
            Level level = level(t);
            double[] row = {level.a(), level.s(), output.targetFromEpsilon(level.a(), level.s()), output.targetFromX0(level.a(), level.s()),
                    weighting.weight(level, output)};
            for (int c = 0; c < row.length; c++) {
                rows[t * COLUMNS + c] = (float) row[c];
            }
        }
        return rows;
    }

    @Override
    public SigmaGrid sigmas(Sigmas sigmas, int steps) {
        return SigmaGrid.of(this, sigmas, steps);
    }

    @Override
    public SigmaRange sigmaRange() {
        return SigmaGrid.range(this);
    }

    @Override
    public int mostSteps() {
        return schedule.T();
    }

    @Override
    public DiscreteProcess discrete(String solver) {
        return this;
    }

    @Override
    public Solver usualSolver() {
        return Solver.parse(varianceHead.isPresent() ? "ddpm-learned" : "ddpm-large");
    }

    @Override
    public Solver defaultSolver() {
        return Solver.parse("ddim");
    }

    @Override
    public Solver fastSolver() {
        return Solver.parse("dpm++2m");
    }

    @Override
    public boolean sameNoise(ForwardProcess other) {
        return other instanceof DiscreteProcess d && schedule.sameLevels(d.schedule);
    }

    @Override
    public String className(Solver solver) {
        return solver.kind().className().orElseThrow(() -> new IllegalArgumentException("sampler " + solver.name()
                + ": diffusers has no class for it, so a model folder cannot name it (expected one of " + Solvers.classNames() + "). Name it when sampling instead."));
    }

    @Override
    public void write(ObjectNode config, Solver solver) {
        DiscreteProcessKind.write(this, config);
        solver.writeTo(config);
    }
}
