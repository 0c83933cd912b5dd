package sirocco.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PhiloxTest {
    private static int[] block(long seed, int... counter) {
        int[] out = new int[4];
        Philox.block(seed, counter[0], counter[1], counter[2], counter[3], out);
        return out;
    }

    /** The known answers published with the paper (Random123, philox4x32 with 10 rounds). */
    @Test
    void knownAnswers() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0, 0, 0));
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1, -1, -1));
        assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                block(0x299f31d0_a4093822L, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
    }

    @Test
    void anElementsWordIsThatOfItsGroupAndRank() {
        int[] words = new int[200];
        Philox.words(42, 7, 3, Philox.NOISE, words, 0, 200);
        for (int e = 0; e < 200; e++) {
            assertEquals(block(42, e / 64 * 16 + e % 16, 7, 3, Philox.NOISE)[e % 64 / 16], words[e]);
        }
    }

    /** Moments of 2^17 normals: standard errors are 0.0028, 0.0039 and 0.027; the bounds are four of them. */
    @Test
    void normalsAreNormal() {
        int n = 1 << 17;
        float[] z = new float[n];
        Philox.normals(1, 0, 0, Philox.INITIAL, z, 0, n);
        double mean = 0;
        double square = 0;
        double fourth = 0;
        double neighbours = 0;
        for (int i = 0; i < n; i++) {
            mean += z[i] / n;
            square += (double) z[i] * z[i] / n;
            fourth += Math.pow(z[i], 4) / n;
            neighbours += (double) z[i] * z[(i + 16) % n] / n;
        }
        assertEquals(0, mean, 0.0111);
        assertEquals(1, square, 0.0157);
        assertEquals(3, fourth, 0.108);
        assertEquals(0, neighbours, 0.0111);
    }

    @Test
    void timestepsCoverTheirRangeEvenly() {
        int[] seen = new int[10];
        int flips = 0;
        double drop = 0;
        for (int i = 0; i < 10_000; i++) {
            seen[Philox.timestep(5, i, 0, 10)]++;
            flips += Philox.flip(5, i, 0) ? 1 : 0;
            drop += Philox.labelDrop(5, i, 0) / 10_000;
        }
        for (int count : seen) {
            assertEquals(1000, count, 120);
        }
        assertEquals(5000, flips, 200);
        assertEquals(0.5, drop, 0.012);
        for (int i = 0; i < 100; i++) {
            assertEquals(0, Philox.timestep(5, i, 0, 1));
        }
    }

    @Test
    void uniformsStayBelowOne() {
        assertEquals(0f, Philox.uniform(0));
        assertTrue(Philox.uniform(-1) < 1f);
        assertEquals(0.5f, Philox.uniform(0x80000000));
    }
}
