package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiscreteProcessTest {
    private static final double FLOAT = 0x1p-23; // a coefficient's rounding and an addition's, of numbers up to 1

    private final NoiseSchedule schedule = NoiseSchedule.of(BetaSchedule.COSINE, 200);

    @ParameterizedTest
    @EnumSource
    void aPerfectModelOfTheTargetGivesBackImageAndNoise(Prediction prediction) {
        float[] rows = new DiscreteProcess(schedule, prediction).table(Weighting.UNIFORM);
        assertEquals(200 * DiscreteProcess.COLUMNS, rows.length);
        double x0 = 0.7;
        double epsilon = -1.3;
        for (int t = 0; t < 200; t++) {
            int r = t * DiscreteProcess.COLUMNS;
            double a = schedule.signal(t);
            double s = schedule.noise(t);
            assertEquals(a, rows[r], FLOAT);
            assertEquals(s, rows[r + 1], FLOAT);
            double x = a * x0 + s * epsilon;
            double out = rows[r + 2] * epsilon + rows[r + 3] * x0;
            // What the row's rounding does to out is magnified by the factor that out has in each.
            assertEquals(x0, prediction.x0FromX(a, s) * x + prediction.x0FromOut(a, s) * out,
                    3 * FLOAT * (1 + Math.abs(prediction.x0FromOut(a, s))));
            assertEquals(epsilon, prediction.epsilonFromX(a, s) * x + prediction.epsilonFromOut(a, s) * out,
                    3 * FLOAT * (1 + Math.abs(prediction.epsilonFromOut(a, s))));
            assertEquals(1, rows[r + 4]);
            for (int c = 5; c < DiscreteProcess.COLUMNS; c++) {
                assertEquals(0, rows[r + c]);
            }
        }
    }

    @Test
    void minSnrWeighsTheSameErrorAlikeWhateverIsPredicted() {
        double gamma = 5;
        float[] epsilon = new DiscreteProcess(schedule, Prediction.EPSILON).table(Weighting.minSnr(gamma));
        float[] sample = new DiscreteProcess(schedule, Prediction.SAMPLE).table(Weighting.minSnr(gamma));
        float[] v = new DiscreteProcess(schedule, Prediction.V_PREDICTION).table(Weighting.minSnr(gamma));
        for (int t = 0; t < 200; t++) {
            double snr = schedule.snr(t);
            double a = schedule.signal(t);
            double s = schedule.noise(t);
            int w = t * DiscreteProcess.COLUMNS + 4;
            assertEquals(Math.min(snr, gamma), sample[w], FLOAT * gamma);
            // An output off by d moves x_0 by x0FromOut·d, so the weights relate as the squares of these factors do.
            double wanted = sample[w];
            assertEquals(wanted * Math.pow(Prediction.EPSILON.x0FromOut(a, s), 2), epsilon[w], 4 * FLOAT);
            assertEquals(wanted * Math.pow(Prediction.V_PREDICTION.x0FromOut(a, s), 2), v[w], 4 * FLOAT);
        }
    }

    @Test
    void pureNoiseHasAFiniteWeight() {
        NoiseSchedule zero = schedule.withZeroTerminalSnr();
        int last = 199 * DiscreteProcess.COLUMNS + 4;
        assertEquals(1, new DiscreteProcess(zero, Prediction.EPSILON).table(Weighting.minSnr(5))[last]);
        assertEquals(0, new DiscreteProcess(zero, Prediction.V_PREDICTION).table(Weighting.minSnr(5))[last]);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesAnAbsurdGamma(double gamma) {
        var e = assertThrows(IllegalArgumentException.class,
                () -> Weighting.minSnr(gamma));
        assertTrue(e.getMessage().contains("gamma"), e.getMessage());
    }
}
