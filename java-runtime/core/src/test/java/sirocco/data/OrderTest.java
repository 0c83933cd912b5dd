package sirocco.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 16, 17, 1000, 4096, 4097})
    void everyEpochSeesEveryImageOnce(int size) {
        Order order = new Order(size, 7);
        for (int epoch = 0; epoch < 3; epoch++) {
            BitSet seen = new BitSet();
            for (int i = 0; i < size; i++) {
                seen.set((int) order.index((long) epoch * size + i));
            }
            assertEquals(size, seen.cardinality());
            assertEquals(size, seen.length());
        }
    }

    @Test
    void seedsAndEpochsGiveDifferentOrders() {
        int size = 1000;
        Order order = new Order(size, 1);
        Order other = new Order(size, 2);
        int sameEpoch = 0;
        int sameSeed = 0;
        for (int i = 0; i < size; i++) {
            sameEpoch += order.index(i) == other.index(i) ? 1 : 0;
            sameSeed += order.index(i) == order.index(size + i) ? 1 : 0;
        }
        // Two random permutations agree in 1 place on average (Poisson); more than 8 has a chance of 1e-6.
        assertTrue(sameEpoch <= 8 && sameSeed <= 8, sameEpoch + " " + sameSeed);
    }

    /** χ² of the image at position 0 over many epochs, 5 images: 4 degrees of freedom, above 30 has a chance of 5e-6. */
    @Test
    void everyImageComesFirstEquallyOften() {
        Order order = new Order(5, 3);
        int epochs = 5000;
        int[] first = new int[5];
        for (int epoch = 0; epoch < epochs; epoch++) {
            first[(int) order.index(5L * epoch)]++;
        }
        double chi = 0;
        for (int n : first) {
            chi += (n - epochs / 5.0) * (n - epochs / 5.0) / (epochs / 5.0);
        }
        assertTrue(chi < 30, "chi squared " + chi);
    }

    @Test
    void unlimitedDataNeverRepeats() {
        Order order = new Order(Dataset.UNLIMITED, 3);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            long index = order.index(i);
            assertFalse(index < 0);
            seen.add(index);
        }
        assertEquals(10_000, seen.size());
        assertNotEquals(order.index(0), new Order(Dataset.UNLIMITED, 4).index(0));
    }

    @Test
    void refusesNothing() {
        assertThrows(IllegalArgumentException.class, () -> new Order(0, 1));
    }
}
