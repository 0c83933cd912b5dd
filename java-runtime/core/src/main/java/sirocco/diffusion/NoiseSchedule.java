package sirocco.diffusion;

import java.util.Arrays;
import java.util.Optional;

/**
 * The forward process q (Ho et al. 2020): x_t = √ᾱ_t·x_0 + √(1−ᾱ_t)·ε (eq. 4), ᾱ_t = Π_{s≤t} (1−β_s), t = 0 … T−1 as in code, one
 * less than in the paper. Everything is computed and kept in double precision; t = −1 stands for the clean image, ᾱ = 1.
 *
 * <p>PyTorch code computes β and ᾱ in float32, so its ᾱ differ from these by up to about T·2⁻²³ relative.
 */
public final class NoiseSchedule {
    /** Steps beyond which a schedule is taken for a mistake: the tables would no longer fit anywhere sensible. */
    public static final int MAX_T = 1_000_000;

    /** The first and last β of Ho et al. 2020, meant for T = 1000. */
    public static final double BETA_START = 1e-4;
    public static final double BETA_END = 0.02;

    private final Optional<BetaSchedule> kind;
    private final double betaStart;
    private final double betaEnd;
    private final boolean zeroTerminalSnr;
    private final double[] configured;
    private final double[] beta;
    private final double[] alphaBar;

    private NoiseSchedule(Optional<BetaSchedule> kind, double betaStart, double betaEnd, boolean zeroTerminalSnr, double[] configured,
            double[] beta) {
        this.kind = kind;
        this.betaStart = betaStart;
        this.betaEnd = betaEnd;
        this.zeroTerminalSnr = zeroTerminalSnr;
        this.configured = configured;
        this.beta = beta;
        this.alphaBar = new double[beta.length];
        double product = 1;
        for (int t = 0; t < beta.length; t++) {
            product *= 1 - beta[t];
            alphaBar[t] = product;
        }
        if (!zeroTerminalSnr && product == 0) {
            throw new IllegalArgumentException("betas: their ᾱ falls to 0 in double precision, so the last steps would be alike; use smaller betas");
        }
    }

    /** A schedule from β {@value #BETA_START} to {@value #BETA_END}, Ho et al.'s values. */
    public static NoiseSchedule of(BetaSchedule kind, int T) {
        return of(kind, BETA_START, BETA_END, T);
    }

    /**
     * @param betaStart β_0, in (0, 1); {@link BetaSchedule#COSINE} takes no notice of it
     * @param betaEnd β_{T−1}, in (0, 1), likewise
     * @param T how many steps, 1 to {@value #MAX_T}
     */
    public static NoiseSchedule of(BetaSchedule kind, double betaStart, double betaEnd, int T) {
        checkLength(T);
        checkBeta("beta_start", betaStart);
        checkBeta("beta_end", betaEnd);
        double[] beta = kind.betas(betaStart, betaEnd, T);
        return new NoiseSchedule(Optional.of(kind), betaStart, betaEnd, false, beta, beta);
    }

    /** A schedule of any β, each in (0, 1). */
    public static NoiseSchedule ofBetas(double... beta) {
        checkLength(beta.length);
        for (int t = 0; t < beta.length; t++) {
            checkBeta("beta[" + t + "]", beta[t]);
        }
        double[] copy = beta.clone();
        return new NoiseSchedule(Optional.empty(), copy[0], copy[copy.length - 1], false, copy, copy);
    }

    /**
     * This schedule with √ᾱ shifted and scaled so that its first value stays and its last is 0: step T−1 is pure noise
     * (Lin et al. 2024, algorithm 1). Such a schedule cannot be sampled with ε-prediction, which says nothing of x_0 there.
     */
    public NoiseSchedule withZeroTerminalSnr() {
        int T = T();
        if (T < 2) {
            throw new IllegalArgumentException("a schedule of one step cannot end in pure noise and keep its first step");
        }
        double first = Math.sqrt(alphaBar[0]);
        double last = Math.sqrt(alphaBar[T - 1]);
        double[] rescaled = new double[T];
        double before = 1;
        for (int t = 0; t < T; t++) {
            double a = (Math.sqrt(alphaBar[t]) - last) * first / (first - last);
            rescaled[t] = 1 - a * a / before;
            before = a * a;
        }
        return new NoiseSchedule(kind, betaStart, betaEnd, true, configured, rescaled);
    }

    private static void checkLength(int T) {
        if (T < 1 || T > MAX_T) {
            throw new IllegalArgumentException("diffusion steps T: expected 1 to " + MAX_T + ", got " + T);
        }
    }

    private static void checkBeta(String name, double value) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException(name + ": a variance of noise lies between 0 and 1, both excluded, got " + value);
        }
    }

    /** How many steps. */
    public int T() {
        return beta.length;
    }

    /** The formula it was made by; empty if from a list of β. */
    public Optional<BetaSchedule> kind() {
        return kind;
    }

    /** The formula's first β, before any {@link #withZeroTerminalSnr}. */
    public double betaStart() {
        return betaStart;
    }

    /** The formula's last β, before any {@link #withZeroTerminalSnr}. */
    public double betaEnd() {
        return betaEnd;
    }

    public boolean zeroTerminalSnr() {
        return zeroTerminalSnr;
    }

    /** β before any {@link #withZeroTerminalSnr}: what a configuration says. */
    double[] configuredBetas() {
        return configured.clone();
    }

    /** β_t. */
    public double beta(int t) {
        return beta[t];
    }

    /** ᾱ_t, decreasing in t; 1 for t = −1. */
    public double alphaBar(int t) {
        return t == -1 ? 1 : alphaBar[t];
    }

    /** Returns whether another schedule has the same ᾱ at every step, whatever formula it was made by. */
    public boolean sameLevels(NoiseSchedule other) {
        return Arrays.equals(alphaBar, other.alphaBar);
    }

    /** √ᾱ_t, what is left of the image. */
    public double signal(int t) {
        return Math.sqrt(alphaBar(t));
    }

    /** √(1−ᾱ_t), how much noise there is. */
    public double noise(int t) {
        return Math.sqrt(1 - alphaBar(t));
    }

    /** The signal-to-noise ratio ᾱ_t / (1−ᾱ_t) (Kingma et al. 2021, eq. 2). */
    public double snr(int t) {
        return alphaBar(t) / (1 - alphaBar(t));
    }

    /**
     * Returns log β̃_t, the logarithm of the variance of q(x_{t−1} | x_t, x_0). That is 0 at t = 0, for which the logarithm is that of t = 1 (Nichol &amp; Dhariwal
     * 2021).
     *
     * @throws IllegalArgumentException if there is one step only
     */
    public double posteriorLogVariance(int t) {
        if (T() < 2) {
            throw new IllegalArgumentException("posterior variance: every one is 0 with a single diffusion step (expected at least 2). Set more.");
        }
        int s = Math.max(t, 1);
        return Math.log(posterior(s, s - 1).variance());
    }

    /**
     * q(x_s | x_t, x_0) = N(x0·x_0 + xt·x_t, variance) (Ho et al. 2020, eq. 6 and 7), and the variance of the steps s+1 … t taken as one.
     *
     * @param beta 1 − ᾱ_t/ᾱ_s, which is β_t for neighbours: the variance of q(x_t | x_s)
     */
    public record Posterior(double x0, double xt, double variance, double beta) {}

    /**
     * @param t 0 … T−1
     * @param s −1 … t−1; t−1 gives the paper's formulas, less than that skips steps
     */
    public Posterior posterior(int t, int s) {
        if (s < -1 || s >= t) {
            throw new IllegalArgumentException("posterior of step " + t + ": expected an earlier one, -1 to " + (t - 1) + ", got " + s);
        }
        double alpha = alphaBar(t) / alphaBar(s);
        double beta = 1 - alpha;
        double rest = 1 - alphaBar(t);
        return new Posterior(Math.sqrt(alphaBar(s)) * beta / rest, Math.sqrt(alpha) * (1 - alphaBar(s)) / rest,
                (1 - alphaBar(s)) / rest * beta, beta);
    }
}
