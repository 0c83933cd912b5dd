package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The error function against values of 20 digits. */
class ErfTest {
    /** x, erf(x), erfc(x). */
    private static final double[][] KNOWN = {
        {1e-300, 1.1283791670955126022e-300, 1},
        {1e-8, 1.1283791670955125599e-8, 0.99999998871620832904},
        {0.0625, 0.070431977722387078051, 0.92956802227761292195},
        {0.5, 0.52049987781304653768, 0.47950012218695346232},
        {1, 0.84270079294971486934, 0.15729920705028513066},
        {1.5, 0.96610514647531072707, 0.033894853524689272933},
        {2, 0.99532226501895273416, 0.0046777349810472658379},
        {2.4375, 0.99943345674541983509, 0.00056654325458016490645},
        {2.5, 0.99959304798255504106, 0.00040695201744495893956},
        {3, 0.99997790950300141456, 0.000022090496998585441373},
        {4, 0.99999998458274209972, 1.5417257900280018852e-8},
        {6, 0.99999999999999997848, 2.1519736712498913117e-17},
        {8, 1, 1.122429717298292708e-29},
        {26, 1, 5.6631924088561428465e-296},
        {-0.75, -0.7111556336535151316, 1.7111556336535151316},
        {-3.25, -0.99999569722053632488, 1.9999956972205363249},
    };

    @Test
    void hasFifteenDigits() {
        for (double[] known : KNOWN) {
            assertEquals(known[1], Erf.of(known[0]), 1e-15 * Math.abs(known[1]), () -> "erf(" + known[0] + ")");
        }
    }

    /** Below 1 it is 1 − erf, which is good to 1e-15 of 1, and no less than 0.157. */
    @Test
    void itsComplementDoesNotCancel() {
        for (double[] known : KNOWN) {
            double allowed = known[0] < 1 ? 1e-15 : 1e-15 * known[2];
            assertEquals(known[2], Erf.complement(known[0]), allowed, () -> "erfc(" + known[0] + ")");
        }
    }

    @Test
    void endsInItsLimits() {
        assertEquals(1, Erf.of(Double.POSITIVE_INFINITY));
        assertEquals(-1, Erf.of(Double.NEGATIVE_INFINITY));
        assertEquals(0, Erf.complement(Double.POSITIVE_INFINITY));
        assertEquals(2, Erf.complement(Double.NEGATIVE_INFINITY));
        assertEquals(0, Erf.complement(1e200));
        assertEquals(0, Erf.of(0));
        assertTrue(Double.isNaN(Erf.of(Double.NaN)) && Double.isNaN(Erf.complement(Double.NaN)));
    }
}
