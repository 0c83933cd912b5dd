package sirocco.diffusion;

import java.util.OptionalDouble;

/**
 * What training needs of a schedule: one row of {@value #COLUMNS} floats for each t, (a, s, te, tx, weight, 0, 0, 0):
 * x_t = a·x_0 + s·ε, target = te·ε + tx·x_0, and the weight of the image's squared error.
 */
public final class TrainingTable {
    /** Floats in a row. */
    public static final int COLUMNS = 8;

    /** The column of the weight. */
    public static final int WEIGHT = 4;

    private TrainingTable() {}

    /**
     * @param minSnrGamma empty: weight 1 everywhere, the paper's simple loss; else γ &gt; 0 of min-SNR weighting (Hang et al. 2023, section 3.4;
     *     5 in the paper): min(SNR, γ) on the error of x_0, which is min(SNR, γ)/SNR on that of ε and min(SNR, γ)/(SNR + 1) on that of v
     * @return [T][{@value #COLUMNS}], row after row
     */
    public static float[] rows(NoiseSchedule schedule, Prediction prediction, OptionalDouble minSnrGamma) {
        if (minSnrGamma.isPresent() && !(minSnrGamma.getAsDouble() > 0 && minSnrGamma.getAsDouble() < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("min-SNR gamma: expected a number above 0, got " + minSnrGamma.getAsDouble());
        }
        float[] rows = new float[schedule.T() * COLUMNS];
        for (int t = 0; t < schedule.T(); t++) {
            double a = schedule.signal(t);
            double s = schedule.noise(t);
            int row = t * COLUMNS;
            rows[row] = (float) a;
            rows[row + 1] = (float) s;
            rows[row + 2] = (float) prediction.targetFromEpsilon(a, s);
            rows[row + 3] = (float) prediction.targetFromX0(a, s);
            rows[row + WEIGHT] = minSnrGamma.isPresent() ? (float) weight(schedule.snr(t), minSnrGamma.getAsDouble(), prediction) : 1;
        }
        return rows;
    }

    private static double weight(double snr, double gamma, Prediction prediction) {
        return switch (prediction) {
            // Written so that no signal at all (SNR 0) gives 1, not 0/0.
            case EPSILON -> snr <= gamma ? 1 : gamma / snr;
            case SAMPLE -> Math.min(snr, gamma);
            case V_PREDICTION -> Math.min(snr, gamma) / (snr + 1);
        };
    }
}
