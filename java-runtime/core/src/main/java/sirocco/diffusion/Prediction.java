package sirocco.diffusion;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What the model's output stands for. With x = a·x_0 + s·ε, a = √ᾱ, s = √(1−ᾱ), each of x_0 and ε is linear in x and the output;
 * the methods give the two factors, and those of the training target in ε and x_0.
 */
public enum Prediction implements Parameterization {
    /** The noise ε (Ho et al. 2020, eq. 14). */
    EPSILON("epsilon"),
    /** The clean image x_0. */
    SAMPLE("sample"),
    /** v = a·ε − s·x_0 (Salimans &amp; Ho 2022, section 4 and appendix D). */
    V_PREDICTION("v_prediction");

    private final String text;

    Prediction(String text) {
        this.text = text;
    }

    /** The name in configuration files, diffusers' {@code prediction_type}. */
    public String text() {
        return text;
    }

    /** @param text a name as in {@link #text()}, or short: eps, x0, v; in any case, with - or _ */
    public static Prediction parse(String text) {
        String wanted = text.toLowerCase(Locale.ROOT).replace('-', '_');
        return switch (wanted) {
            case "eps" -> EPSILON;
            case "x0" -> SAMPLE;
            case "v" -> V_PREDICTION;
            default -> Arrays.stream(values()).filter(p -> p.text.equals(wanted)).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("unknown prediction \"" + text + "\"; known are "
                            + Arrays.stream(values()).map(Prediction::text).collect(Collectors.joining(", "))));
        };
    }

    @Override
    public double x0FromX(double a, double s) {
        return switch (this) {
            case EPSILON -> 1 / visible(a);
            case SAMPLE -> 0;
            case V_PREDICTION -> a;
        };
    }

    @Override
    public double x0FromOut(double a, double s) {
        return switch (this) {
            case EPSILON -> -s / visible(a);
            case SAMPLE -> 1;
            case V_PREDICTION -> -s;
        };
    }

    @Override
    public double signalFromOut(double a, double s) {
        return switch (this) {
            case EPSILON -> -s;
            case SAMPLE -> a;
            case V_PREDICTION -> -a * s;
        };
    }

    /** x's factor in ε̂. */
    double epsilonFromX(double a, double s) {
        return switch (this) {
            case EPSILON -> 0;
            case SAMPLE -> 1 / s;
            case V_PREDICTION -> s;
        };
    }

    /** The output's factor in ε̂. */
    double epsilonFromOut(double a, double s) {
        return switch (this) {
            case EPSILON -> 1;
            case SAMPLE -> -a / s;
            case V_PREDICTION -> a;
        };
    }

    @Override
    public double targetFromEpsilon(double a, double s) {
        return switch (this) {
            case EPSILON -> 1;
            case SAMPLE -> 0;
            case V_PREDICTION -> a;
        };
    }

    @Override
    public double targetFromX0(double a, double s) {
        return switch (this) {
            case EPSILON -> 0;
            case SAMPLE -> 1;
            case V_PREDICTION -> -s;
        };
    }

    private static double visible(double a) {
        if (a == 0) {
            throw new IllegalArgumentException("epsilon-prediction cannot tell x_0 from pure noise, and this schedule has zero signal at its "
                    + "last step: predict v or the sample, or do not rescale the betas to zero terminal SNR");
        }
        return a;
    }
}
