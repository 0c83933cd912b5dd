package sirocco.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The noise levels of a solver of dx/dσ = (x − x̂_0)/σ (Karras et al. 2022, eq. 1 with s = 1), for x = x_0 + σ·ε.
 *
 * @param levels falling, one for each point of evaluation
 * @param end σ where sampling ends
 * @param start standard deviation of x at the start
 */
public record SigmaGrid(List<Point> levels, double end, double start) {
    /** What stands for ᾱ = 0, whose σ is infinite: diffusers' value. */
    private static final double LEAST_ALPHA_BAR = 0x1p-24;

    /**
     * A level.
     *
     * @param level with a = 1 and s = σ
     * @param kx factor of x in x̂_0
     * @param ko factor of the network's output in x̂_0
     */
    public record Point(Level level, double kx, double ko) implements Evaluation { }

    public SigmaGrid {
        levels = List.copyOf(levels);
    }

    /** Returns the levels of a discrete process, σ = √(1−ᾱ)/√ᾱ, and the (fractional) timesteps that belong to them, in diffusers' arithmetic. */
    static SigmaGrid of(DiscreteProcess process, Sigmas request, int steps) {
        NoiseSchedule schedule = process.schedule();
        double[] all = sigmas(schedule);
        double[] logs = logs(all);
        double[] timesteps = request.spacing().fractionalTimesteps(schedule.T(), steps, request.stepsOffset());
        double[] sigmas = new double[steps];
        for (int i = 0; i < steps; i++) {
            sigmas[i] = interpolate(all, timesteps[i]);
        }
        double first = sigmas[0];
        double last = sigmas[steps - 1];
        if (request.levels() != SigmaSpacing.SCHEDULE) {
            for (int i = 0; i < steps; i++) {
                sigmas[i] = request.levels().between(first, last, steps == 1 ? 0 : i / (steps - 1.0));
                timesteps[i] = timestep(logs, sigmas[i]);
            }
        }
        double end = request.end() == DpmSolverPP.FinalSigma.ZERO ? 0 : all[0];
        List<Point> levels = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            levels.add(point(timesteps[i], sigmas[i], process.output()));
        }
        // √(σ² + 1) where the first timestep leaves signal.
        double start = request.spacing() == TimestepSpacing.LEADING ? Math.sqrt(sigmas[0] * sigmas[0] + 1) : sigmas[0];
        return new SigmaGrid(levels, end, start);
    }

    /** Returns all levels of a discrete process between those of its first and its last timestep, with fractional timesteps. */
    static SigmaRange range(DiscreteProcess process) {
        double[] all = sigmas(process.schedule());
        double[] logs = logs(all);
        double max = all[all.length - 1];
        return new SigmaRange(max, all[0], Math.sqrt(max * max + 1), sigma -> point(timestep(logs, sigma), sigma, process.output()));
    }

    /** The network receives x scaled to unit variance. */
    private static Point point(double t, double sigma, Parameterization output) {
        double a = 1 / Math.sqrt(sigma * sigma + 1);
        double s = sigma * a;
        return new Point(new Level(t, a, 1, sigma), output.x0FromX(a, s) * a, output.x0FromOut(a, s));
    }

    public int steps() {
        return levels.size();
    }

    /** Returns σ of a level; that of the level after the last is where sampling ends. */
    public double sigma(int i) {
        return i == levels.size() ? end : levels.get(i).level().s();
    }

    /** Returns a row of a program that evaluates the network at a level. */
    SolverProgram.Row row(int i, double clip, double[][] next) {
        Point p = levels.get(i);
        return new SolverProgram.Row(p.level(), p.kx(), p.ko(), clip, next);
    }

    private static double[] sigmas(NoiseSchedule schedule) {
        double[] all = new double[schedule.T()];
        for (int t = 0; t < all.length; t++) {
            double alphaBar = schedule.alphaBar(t) == 0 ? LEAST_ALPHA_BAR : schedule.alphaBar(t);
            all[t] = Math.sqrt((1 - alphaBar) / alphaBar);
        }
        return all;
    }

    private static double[] logs(double[] sigmas) {
        return Arrays.stream(sigmas).map(Math::log).toArray();
    }

    private static double interpolate(double[] all, double t) {
        int low = (int) Math.clamp(Math.floor(t), 0, all.length - 1);
        int high = Math.min(low + 1, all.length - 1);
        double w = Math.clamp(t - low, 0, 1);
        return (1 - w) * all[low] + w * all[high];
    }

    /**
     * Returns the timestep of a level, linear in log σ between neighbours.
     *
     * @param logs log σ of each timestep, rising
     */
    private static double timestep(double[] logs, double sigma) {
        double log = Math.log(Math.max(sigma, 1e-10));
        int found = Arrays.binarySearch(logs, log);
        int low = Math.clamp(found >= 0 ? found : -found - 2, 0, Math.max(0, logs.length - 2));
        int high = Math.min(low + 1, logs.length - 1);
        double span = logs[low] - logs[high];
        double w = span == 0 ? 0 : Math.clamp((logs[low] - log) / span, 0, 1);
        return (1 - w) * low + w * high;
    }
}
