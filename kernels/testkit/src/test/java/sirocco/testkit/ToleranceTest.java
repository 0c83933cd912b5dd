package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;

/** That tolerances let rounding pass, and nothing else. */
class ToleranceTest {
    private static final int N = 1000;
    private static final Value V = new GraphBuilder().input("v", Shape.vector(N), DType.F32);

    /** A result of normal numbers, spoiled by {@code spoil}. */
    private static Optional<String> check(Tolerance t, BiConsumer<float[], double[]> spoil) {
        double[] expected = new SplittableRandom(1).doubles(N, -3, 3).toArray();
        float[] actual = new float[N];
        for (int i = 0; i < N; i++) {
            actual[i] = (float) expected[i];
        }
        spoil.accept(actual, expected);
        return t.violation(V, actual, expected);
    }

    @Test
    void roundingPassesAsExact() {
        assertTrue(check(Tolerance.EXACT, (a, e) -> { }).isEmpty());
        assertTrue(check(Tolerance.EXACT, (a, e) -> {
            a[3] = Float.NaN;
            e[3] = Double.NaN;
            a[4] = Float.POSITIVE_INFINITY;
            e[4] = Double.POSITIVE_INFINITY;
        }).isEmpty());
    }

    @Test
    void oneUnitInTheLastPlaceIsNotExact() {
        assertFalse(check(Tolerance.EXACT, (a, e) -> a[7] = Math.nextUp(a[7])).isEmpty());
        assertTrue(check(Tolerance.rounded(0), (a, e) -> a[7] = Math.nextUp(a[7])).isEmpty());
    }

    @Test
    void oneWrongElementIsNoticedWhereverItIs() {
        Tolerance wide = Tolerance.attentionBackward(500, 1);
        for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 3.2f, 0}) {
            for (int i : new int[] {0, 499, N - 1}) {
                String problem = check(wide, (a, e) -> {
                    e[i] = 2.5;
                    a[i] = wrong;
                }).orElseThrow();
                assertTrue(problem.contains("[0,0,0," + i + "]") && problem.contains("2.5"), problem);
            }
        }
    }

    /** Every element off by what a single one may be. */
    @Test
    void aSmallErrorOfAllIsNoticedByTheNorm() {
        Tolerance t = Tolerance.elementwise(0);
        assertTrue(check(t, (a, e) -> a[5] *= 1 + 4 * (float) t.relative()).isEmpty());
        assertFalse(check(t, (a, e) -> {
            for (int i = 0; i < N; i++) {
                a[i] *= 1 + 4 * (float) t.relative();
            }
        }).isEmpty());
    }

    @Test
    void scaleExcusesWhatWasCancelled() {
        BiConsumer<float[], double[]> cancelled = (a, e) -> {
            for (int i = 0; i < N; i++) {
                e[i] = 0;
                a[i] = 1e-7f;
            }
        };
        assertFalse(check(Tolerance.elementwise(0), cancelled).isEmpty());
        assertTrue(check(Tolerance.elementwise(1), cancelled).isEmpty());
    }
}
