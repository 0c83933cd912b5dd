package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseScheduleTest {
    private static final double EXACT = 1e-13; // a few dozen roundings of double precision

    @ParameterizedTest
    @EnumSource
    void fallsFromImageToNoise(BetaSchedule kind) {
        NoiseSchedule s = NoiseSchedule.of(kind, 1000);
        assertEquals(1000, s.T());
        assertEquals(1, s.alphaBar(-1));
        for (int t = 0; t < s.T(); t++) {
            assertTrue(s.alphaBar(t) < s.alphaBar(t - 1) && s.alphaBar(t) > 0);
            assertEquals(1, s.signal(t) * s.signal(t) + s.noise(t) * s.noise(t), EXACT);
            assertEquals(Math.pow(s.signal(t) / s.noise(t), 2), s.snr(t), EXACT * s.snr(t) / (1 - s.alphaBar(t)));
            assertEquals(s.beta(t), 1 - s.alphaBar(t) / s.alphaBar(t - 1), EXACT);
        }
        assertTrue(s.alphaBar(0) > 0.999 && s.alphaBar(999) < 0.25, () -> "alphaBar ends at " + s.alphaBar(999));
    }

    @Test
    void hasTheFormulasValuesAtPlacesWorkedOutByHand() {
        assertArrayEquals(new double[] {0.1, 0.2, 0.3}, betas(BetaSchedule.LINEAR), EXACT);
        double middle = Math.pow((Math.sqrt(0.1) + Math.sqrt(0.3)) / 2, 2);
        assertArrayEquals(new double[] {0.1, middle, 0.3}, betas(BetaSchedule.SCALED_LINEAR), EXACT);
        assertArrayEquals(betas(BetaSchedule.SCALED_LINEAR), betas(BetaSchedule.QUADRATIC));
        double ends = 0.2 / (1 + Math.exp(6));
        assertArrayEquals(new double[] {0.1 + ends, 0.2, 0.3 - ends}, betas(BetaSchedule.SIGMOID), EXACT);
        assertArrayEquals(new double[] {0.1, Math.sqrt(0.03), 0.3}, betas(BetaSchedule.LOGARITHMIC), EXACT);
        // The cosine's telescoping product is the curve itself until the cap sets in at the very end.
        NoiseSchedule cosine = NoiseSchedule.of(BetaSchedule.COSINE, 1000);
        double origin = Math.pow(Math.cos(0.008 / 1.008 * Math.PI / 2), 2);
        assertEquals(Math.pow(Math.cos(0.508 / 1.008 * Math.PI / 2), 2) / origin, cosine.alphaBar(499), 1e-12);
        assertEquals(0.999, cosine.beta(999));
    }

    @Test
    void hoEtAlsScheduleEndsWhereTheirsDoes() {
        // Known from their paper's setting: almost no signal left, 4.04e-5 of the variance.
        assertEquals(4.0358e-5, NoiseSchedule.of(BetaSchedule.LINEAR, 1000).alphaBar(999), 1e-9);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100})
    void thePosteriorUndoesTheForwardProcess(int stride) {
        NoiseSchedule s = NoiseSchedule.of(BetaSchedule.LINEAR, 1000);
        for (int t = stride - 1; t < 1000; t += stride) {
            int before = t - stride;
            var p = s.posterior(t, before);
            // 1 − ᾱ has lost digits to cancellation where ᾱ is near 1, and is what the coefficients are divided by.
            double rounding = 16 * 0x1p-53 / (1 - s.alphaBar(t));
            // Marginals of q(x_s | x_0) from q(x_t | x_0) and the posterior: mean and variance must come out as the forward process has them.
            assertEquals(s.signal(before), p.x0() + p.xt() * s.signal(t), rounding);
            assertEquals(1 - s.alphaBar(before), p.variance() + p.xt() * p.xt() * (1 - s.alphaBar(t)), rounding);
            assertTrue(p.variance() < p.beta() || before == -1);
        }
        var first = s.posterior(0, -1);
        assertEquals(1, first.x0(), EXACT);
        assertEquals(0, first.xt());
        assertEquals(0, first.variance());
    }

    @Test
    void neighboursHaveThePapersFormulas() {
        NoiseSchedule s = NoiseSchedule.of(BetaSchedule.SIGMOID, 50);
        var p = s.posterior(20, 19);
        double rest = 1 - s.alphaBar(20);
        assertEquals(s.beta(20), p.beta(), EXACT);
        assertEquals(Math.sqrt(s.alphaBar(19)) * s.beta(20) / rest, p.x0(), EXACT);
        assertEquals(Math.sqrt(1 - s.beta(20)) * (1 - s.alphaBar(19)) / rest, p.xt(), EXACT);
        assertEquals((1 - s.alphaBar(19)) / rest * s.beta(20), p.variance(), EXACT);
        assertThrows(IllegalArgumentException.class, () -> s.posterior(20, 20));
        assertThrows(IllegalArgumentException.class, () -> s.posterior(20, -2));
    }

    @Test
    void zeroTerminalSnrKeepsTheFirstStepAndEmptiesTheLast() {
        NoiseSchedule s = NoiseSchedule.of(BetaSchedule.SCALED_LINEAR, 100);
        NoiseSchedule z = s.withZeroTerminalSnr();
        assertEquals(s.alphaBar(0), z.alphaBar(0), EXACT);
        assertEquals(0, z.alphaBar(99));
        assertEquals(1, z.beta(99));
        for (int t = 1; t < 100; t++) {
            assertTrue(z.alphaBar(t) < z.alphaBar(t - 1));
        }
        assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.ofBetas(0.5).withZeroTerminalSnr());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, -0.1, 1.5, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesWhatIsNoVariance(double beta) {
        for (BetaSchedule kind : BetaSchedule.values()) {
            assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.of(kind, beta, 0.02, 10));
            assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.of(kind, 0.01, beta, 10));
        }
        var e = assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.ofBetas(0.1, beta));
        assertTrue(e.getMessage().contains("beta[1]"), e.getMessage());
    }

    @Test
    void refusesAbsurdLengths() {
        for (int T : new int[] {0, -1, NoiseSchedule.MAX_T + 1, Integer.MAX_VALUE}) {
            var e = assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.of(BetaSchedule.LINEAR, T));
            assertTrue(e.getMessage().contains(String.valueOf(T)), e.getMessage());
        }
        assertThrows(IllegalArgumentException.class, NoiseSchedule::ofBetas);
        // So many steps of so much noise leave an alphaBar that no double can hold.
        assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.of(BetaSchedule.LINEAR, 0.1, 0.9, 2000));
    }

    @Test
    void namesAreReadInEitherSpelling() {
        assertEquals(BetaSchedule.COSINE, BetaSchedule.parse("squaredcos_cap_v2"));
        assertEquals(BetaSchedule.COSINE, BetaSchedule.parse("Cosine"));
        assertEquals(BetaSchedule.SCALED_LINEAR, BetaSchedule.parse("scaled-linear"));
        assertThrows(IllegalArgumentException.class, () -> BetaSchedule.parse("cubic"));
        assertEquals(Prediction.V_PREDICTION, Prediction.parse("v"));
        assertEquals(Prediction.V_PREDICTION, Prediction.parse("v-prediction"));
        assertEquals(Prediction.EPSILON, Prediction.parse("eps"));
        assertEquals(Prediction.SAMPLE, Prediction.parse("x0"));
        assertThrows(IllegalArgumentException.class, () -> Prediction.parse("score"));
    }

    private static double[] betas(BetaSchedule kind) {
        NoiseSchedule s = NoiseSchedule.of(kind, 0.1, 0.3, 3);
        return new double[] {s.beta(0), s.beta(1), s.beta(2)};
    }
}
