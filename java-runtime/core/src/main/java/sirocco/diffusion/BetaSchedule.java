package sirocco.diffusion;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How the noise variances β_0 … β_{T−1} are laid out. All but {@link #COSINE} run from a first to a last β.
 *
 * <p>The text names are those of diffusers' {@code beta_schedule} where it has the schedule.
 */
public enum BetaSchedule {
    /** Evenly spaced β (Ho et al. 2020, section 4). */
    LINEAR("linear"),
    /** Squares of evenly spaced √β (Rombach et al. 2022, whose code calls it linear). */
    SCALED_LINEAR("scaled_linear"),
    /** ᾱ follows a squared cosine, s = 0.008, β capped at 0.999 (Nichol &amp; Dhariwal 2021, eq. 17). Takes no first and last β. */
    COSINE("squaredcos_cap_v2"),
    /** The same values as {@link #SCALED_LINEAR}, under the name of Ho et al.'s and of DDIM's code (Song et al. 2021, "quad"). */
    QUADRATIC("quadratic"),
    /** β follows the logistic function over [−6, 6] (the code of Song et al. 2021; Xu et al. 2022, GeoDiff). */
    SIGMOID("sigmoid"),
    /** β in geometric progression, log β evenly spaced, as Song &amp; Ermon 2019 (section 3.2) space their noise levels. */
    LOGARITHMIC("logarithmic");

    private static final double COSINE_OFFSET = 0.008;
    private static final double COSINE_CAP = 0.999;
    private static final double SIGMOID_REACH = 6;

    private final String text;

    BetaSchedule(String text) {
        this.text = text;
    }

    /** The name in configuration files. */
    public String text() {
        return text;
    }

    /** @param text a name as in {@link #text()} or the constant's own, in any case, with - or _; cosine for {@link #COSINE} */
    public static BetaSchedule parse(String text) {
        String wanted = text.toLowerCase(Locale.ROOT).replace('-', '_');
        for (BetaSchedule s : values()) {
            if (wanted.equals(s.text) || wanted.equals(s.name().toLowerCase(Locale.ROOT))) {
                return s;
            }
        }
        throw new IllegalArgumentException("unknown noise schedule \"" + text + "\"; known are "
                + Arrays.stream(values()).map(s -> s.text.equals(s.name().toLowerCase(Locale.ROOT)) ? s.text
                : s.name().toLowerCase(Locale.ROOT) + " (" + s.text + ")").collect(Collectors.joining(", ")));
    }

    /** β_0 … β_{T−1} from {@code first} to {@code last}. */
    double[] betas(double first, double last, int T) {
        double[] beta = new double[T];
        for (int t = 0; t < T; t++) {
            double u = T == 1 ? 0 : (double) t / (T - 1);
            beta[t] = switch (this) {
                case LINEAR -> mix(first, last, u);
                case SCALED_LINEAR, QUADRATIC -> square(mix(Math.sqrt(first), Math.sqrt(last), u));
                case COSINE -> Math.min(1 - cosine((t + 1.0) / T) / cosine((double) t / T), COSINE_CAP);
                case SIGMOID -> mix(first, last, 1 / (1 + Math.exp(-mix(-SIGMOID_REACH, SIGMOID_REACH, u))));
                case LOGARITHMIC -> Math.exp(mix(Math.log(first), Math.log(last), u));
            };
        }
        return beta;
    }

    private static double mix(double from, double to, double u) {
        return from + (to - from) * u;
    }

    private static double square(double x) {
        return x * x;
    }

    private static double cosine(double u) {
        return square(Math.cos((u + COSINE_OFFSET) / (1 + COSINE_OFFSET) * Math.PI / 2));
    }
}
