package sirocco.diffusion;

import java.util.Arrays;
import java.util.Locale;

/**
 * Which of T timesteps a chain of fewer steps visits (Lin et al. 2024, table 2), in diffusers' arithmetic to the last rounding: halves
 * go to the even neighbour.
 */
public enum TimestepSpacing {
    /** Multiples of ⌊T/steps⌋ from 0 up, plus the offset: ends at 0, may start well below T−1. */
    LEADING,
    /** Every T/steps down from T−1. */
    TRAILING,
    /** Evenly from T−1 to 0, both included. */
    LINSPACE;

    /** The name in configuration files. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static TimestepSpacing parse(String text) {
        for (TimestepSpacing s : values()) {
            if (s.text().equals(text.toLowerCase(Locale.ROOT))) {
                return s;
            }
        }
        throw new IllegalArgumentException("unknown timestep spacing \"" + text + "\"; known are leading, trailing, linspace");
    }

    /**
     * The timesteps of a one-step method, falling.
     *
     * @param steps 1 … T
     * @param offset added to each by {@link #LEADING} alone
     */
    int[] timesteps(int T, int steps, int offset) {
        checkSteps(T, steps);
        int[] t = new int[steps];
        for (int i = 0; i < steps; i++) {
            int up = steps - 1 - i;
            t[i] = switch (this) {
                case LEADING -> up * (T / steps) + offset;
                case TRAILING -> trailing(T, T, steps, i);
                case LINSPACE -> steps == 1 ? 0 : (int) Math.rint(up * ((T - 1.0) / (steps - 1)));
            };
        }
        return checked(t, T, steps);
    }

    /**
     * The timesteps of a solver in σ, falling: those of {@link #timesteps}, but not rounded for {@link #LINSPACE}.
     *
     * @param steps 1 … T
     */
    double[] fractionalTimesteps(int T, int steps, int offset) {
        if (this != LINSPACE) {
            return Arrays.stream(timesteps(T, steps, offset)).asDoubleStream().toArray();
        }
        checkSteps(T, steps);
        double[] t = new double[steps];
        for (int i = 0; i < steps; i++) {
            t[i] = steps == 1 ? 0 : (steps - 1 - i) * ((T - 1.0) / (steps - 1));
        }
        return t;
    }

    /**
     * The timesteps of a solver whose last step goes to a point of its own: one more is spaced out, and the lowest left off.
     *
     * @param end timesteps from here on are not visited; T to visit all
     * @return {@code steps} of them, fewer for {@link #TRAILING} with an earlier end
     */
    int[] solverTimesteps(int T, int end, int steps, int offset) {
        checkSteps(T, steps);
        int count = this == TRAILING ? Math.min(steps, (int) Math.ceil(end / ((double) T / steps))) : steps;
        int[] t = new int[count];
        for (int i = 0; i < count; i++) {
            int up = steps - i;
            t[i] = switch (this) {
                case LEADING -> up * (end / (steps + 1)) + offset;
                case TRAILING -> trailing(T, end, steps, i);
                case LINSPACE -> (int) Math.rint(up * ((end - 1.0) / steps));
            };
        }
        return checked(t, T, steps);
    }

    /** The stride is what is left of T/steps after subtracting it once from the end in floating point, as a range is built there. */
    private static int trailing(int T, int end, int steps, int i) {
        double stride = (end - (double) T / steps) - end;
        return (int) Math.rint(end + i * stride) - 1;
    }

    private static void checkSteps(int T, int steps) {
        if (steps < 1 || steps > T) {
            throw new IllegalArgumentException("sampling steps: expected 1 to " + T + ", the schedule's length, got " + steps);
        }
    }

    private int[] checked(int[] t, int T, int steps) {
        for (int i = 0; i < t.length; i++) {
            if (t[i] < 0 || t[i] >= T) {
                throw new IllegalArgumentException("sampling steps: " + steps + " steps with spacing " + text() + " visit timestep " + t[i]
                        + ", the schedule has 0 to " + (T - 1) + "; change the offset or the number of steps");
            }
            if (i > 0 && t[i] >= t[i - 1]) {
                throw new IllegalArgumentException("sampling steps: " + steps + " steps with spacing " + text() + " visit timestep " + t[i]
                        + " twice (" + Arrays.toString(Arrays.copyOfRange(t, Math.max(0, i - 2), i + 1)) + "); take fewer steps");
            }
        }
        return t;
    }
}
