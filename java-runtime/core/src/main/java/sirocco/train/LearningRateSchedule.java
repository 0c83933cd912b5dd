package sirocco.train;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How the learning rate changes during a run. With s the number of the step from 0, w the steps of warm-up and T the steps of the run, the learning rate is
 * multiplied by (s + 1) / w while s &lt; w, and afterwards by a factor that starts at 1.
 *
 * <p>Names and formulas after warm-up are those of {@code get_scheduler} in diffusers ({@code optimization.py}). Its warm-up is s / w, so that its first step
 * changes nothing; this one reaches the full rate one step earlier.
 */
public enum LearningRateSchedule {
    /** 1; with warm-up, {@code constant_with_warmup} in diffusers. */
    CONSTANT {
        @Override
        double decay(double progress) {
            return 1;
        }
    },

    /** 1 − p, with p = (s − w) / (T − w). */
    LINEAR {
        @Override
        double decay(double progress) {
            return 1 - progress;
        }
    },

    /** (1 + cos πp) / 2, with p = (s − w) / (T − w): half a period of the cosine (Loshchilov &amp; Hutter 2017, eq. 5, without restarts). */
    COSINE {
        @Override
        double decay(double progress) {
            return 0.5 * (1 + Math.cos(Math.PI * progress));
        }
    };

    /** The names in configurations. */
    static final List<String> NAMES = Arrays.stream(values()).map(LearningRateSchedule::text).toList();

    /** @param progress p, 0 to 1 */
    abstract double decay(double progress);

    /**
     * Returns what the learning rate is multiplied by in a step.
     *
     * @param step s, from 0
     * @param warmup w, 0 or more
     * @param steps T
     * @return 0 to 1
     */
    public double factor(long step, long warmup, long steps) {
        if (step < warmup) {
            return (step + 1.0) / warmup;
        }
        return decay(Math.min(1, (double) (step - warmup) / Math.max(1, steps - warmup)));
    }

    /** The name in configurations. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException listing the names that exist */
    public static LearningRateSchedule parse(String text) {
        SettingCheck.that(NAMES.contains(text), "learning-rate schedule", text, "one of " + NAMES);
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
