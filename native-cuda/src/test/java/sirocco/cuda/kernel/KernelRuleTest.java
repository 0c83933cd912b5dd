package sirocco.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import sirocco.api.DType;
import sirocco.api.KernelChoices;
import sirocco.api.Pointwise;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Tuning;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

class KernelRuleTest {
    private static final Target TARGET = new Target(80, 108, 1 << 16, Storage.F32, false);

    private static final Tuning.Key KEY = new Tuning.Key("cuda", "some GPU", Settings.Precision.F32);

    /** Fits tensors of at least so many channels. */
    private record AtLeast(String name, int channels) implements Variant<Pointwise.Unary> {
        @Override
        public boolean fits(Pointwise.Unary op, Target target) {
            return op.x().shape().c() >= channels;
        }

        @Override
        public Kernel kernel(Pointwise.Unary op, Target target) {
            return Kernel.of(_ -> List.of());
        }
    }

    private static final List<AtLeast> VARIANTS = List.of(new AtLeast("v3", 64), new AtLeast("v2", 8), new AtLeast("v1", 1));

    private static String chosen(String property, int channels) {
        Value x = new Value(0, "x", Shape.vector(channels), DType.F32, Value.Role.INPUT);
        Pointwise.Unary op = new Pointwise.Unary(x, UnaryFunction.SILU, x);
        return rule(property, Tuning.NONE).choose("silu", VARIANTS, op, TARGET).algorithm();
    }

    private static KernelRule rule(String property, Tuning tuning) {
        Map<String, List<String>> variants = Map.of("silu", Variant.names(VARIANTS), "conv2d", List.of("v1"));
        return new KernelRule(KernelChoices.of(KernelRule.PROPERTY, property, variants, tuning, KEY));
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
    void takesWhatIsAskedForEveryOpUnlessOneIsNamed() {
        assertEquals("v2", chosen("*=v2", 64));
        assertEquals("v2", chosen("conv2d=v1,*=v2", 64));
        assertEquals("v1", chosen("silu=v1,*=v2", 64));
        assertEquals("v1", chosen("*=v3", 7));
        String message = assertThrows(IllegalArgumentException.class, () -> chosen("*=v9", 64)).getMessage();
        assertTrue(message.contains("no op has a variant \"v9\"; there are: v1, v2, v3"), message);
    }

    @Test
    void takesWhatWasMeasuredUnlessAskedOtherwise() {
        Value x = new Value(0, "x", Shape.vector(64), DType.F32, Value.Role.INPUT);
        Value wider = new Value(1, "wider", Shape.vector(65), DType.F32, Value.Role.INPUT);
        Pointwise.Unary op = new Pointwise.Unary(x, UnaryFunction.SILU, x);
        Tuning tuning = new Tuning(Map.of(KEY, Map.of(op.signature(), "v2"), new Tuning.Key("cuda", "another GPU", Settings.Precision.F32),
                Map.of(op.signature(), "v1")));
        assertEquals("v2", rule("", tuning).choose("silu", VARIANTS, op, TARGET).algorithm());
        assertEquals("v1", rule("silu=v1", tuning).choose("silu", VARIANTS, op, TARGET).algorithm());
        assertEquals("v3", rule("", tuning).choose("silu", VARIANTS, new Pointwise.Unary(wider, UnaryFunction.SILU, wider), TARGET).algorithm());
        Tuning stale = new Tuning(Map.of(KEY, Map.of(op.signature(), "v0")));
        assertEquals("v3", rule("", stale).choose("silu", VARIANTS, op, TARGET).algorithm());
    }

    @Test
    void refusesWhatThereIsNot() {
        String message = assertThrows(IllegalArgumentException.class, () -> chosen("silu=v9", 64)).getMessage();
        assertTrue(message.contains("v9") && message.contains("v3, v2, v1"), message);
        String unknown = assertThrows(IllegalArgumentException.class, () -> chosen("conv3d=v1", 64)).getMessage();
        assertTrue(unknown.contains("conv3d") && unknown.contains("conv2d, silu"), unknown);
        for (String bad : List.of("silu", "silu=", "=v1", "silu=v1=v2")) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> rule(bad, Tuning.NONE)).getMessage().contains(bad), bad);
        }
    }
}
