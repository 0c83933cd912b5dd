package sirocco.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;

class KernelRuleTest {
    private static final Target TARGET = new Target(80, 108, 1 << 16, Storage.F32, false);

    /** Fits tensors of at least so many channels. */
    private record AtLeast(String name, int channels) implements Variant<Op.Silu> {
        @Override
        public boolean fits(Op.Silu op, Target target) {
            return op.x().shape().c() >= channels;
        }

        @Override
        public Kernel kernel(Op.Silu op, Target target) {
            return Kernel.of(_ -> List.of());
        }
    }

    private static final List<AtLeast> VARIANTS = List.of(new AtLeast("v3", 64), new AtLeast("v2", 8), new AtLeast("v1", 1));

    private static String chosen(String property, int channels) {
        Value x = new Value(0, "x", Shape.vector(channels), DType.F32, Value.Role.INPUT);
        return KernelRule.of(property).choose("silu", VARIANTS, new Op.Silu(x, x), TARGET).algorithm();
    }

    @Test
    void takesTheFirstThatFits() {
        assertEquals("v3", chosen("", 64));
        assertEquals("v2", chosen("", 63));
        assertEquals("v1", chosen("", 7));
    }

    @Test
    void takesWhatIsAskedForWhereItFits() {
        assertEquals("v1", chosen("silu=v1", 64));
        assertEquals("v2", chosen("conv2d=v1, silu=v2", 64));
        assertEquals("v1", chosen("silu=v3", 7));
    }

    @Test
    void refusesWhatThereIsNot() {
        String message = assertThrows(IllegalArgumentException.class, () -> chosen("silu=v9", 64)).getMessage();
        assertTrue(message.contains("v9") && message.contains("v3, v2, v1"), message);
        for (String bad : List.of("silu", "silu=", "=v1", "silu=v1=v2")) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> KernelRule.of(bad)).getMessage().contains(bad), bad);
        }
    }
}
