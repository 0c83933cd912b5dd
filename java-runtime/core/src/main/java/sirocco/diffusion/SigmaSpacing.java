package sirocco.diffusion;

import java.util.Locale;

/** How levels are spaced between the first and the last. */
public enum SigmaSpacing {
    /** As the timesteps are. */
    SCHEDULE,
    /** Karras et al. 2022, eq. 5, ρ = 7. */
    KARRAS,
    /** Evenly in log σ. */
    EXPONENTIAL;

    /** ρ of Karras et al. 2022, eq. 5. */
    static final double RHO = 7;

    /**
     * Returns a level between two.
     *
     * @param u 0 for the first, 1 for the last
     */
    double between(double first, double last, double u) {
        return switch (this) {
            case KARRAS -> Math.pow(Math.pow(first, 1 / RHO) + u * (Math.pow(last, 1 / RHO) - Math.pow(first, 1 / RHO)), RHO);
            case EXPONENTIAL -> Math.exp(Math.log(first) + u * (Math.log(last) - Math.log(first)));
            case SCHEDULE -> throw new IllegalStateException("levels that are spaced as the timesteps are need a schedule");
        };
    }

    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static SigmaSpacing parse(String text) {
        for (SigmaSpacing s : values()) {
            if (s.text().equals(text.toLowerCase(Locale.ROOT))) {
                return s;
            }
        }
        throw new IllegalArgumentException("unknown spacing of sigmas \"" + text + "\"; known are schedule, karras, exponential");
    }

    /** Reads the flags of a scheduler's configuration. */
    static SigmaSpacing read(SchedulerSettings s) {
        boolean karras = s.flag("use_karras_sigmas", false);
        boolean exponential = s.flag("use_exponential_sigmas", false);
        s.requireOff("use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas", "use_dynamic_shifting");
        if (karras && exponential) {
            throw new IllegalArgumentException("use_karras_sigmas and use_exponential_sigmas: only one of them can be on");
        }
        return karras ? KARRAS : exponential ? EXPONENTIAL : SCHEDULE;
    }
}
