package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import sirocco.api.Backend;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.KernelChoices;
import sirocco.api.Op;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Tuning;
import sirocco.api.Value;
import sirocco.api.Window;

class ChoiceTest {
    private static final Tuning.Key KEY = new Tuning.Key("tornado", "some GPU", Settings.Precision.F32);

    private final Op silu;
    private final Op attention;
    private final Op product;

    ChoiceTest() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 4, 4, 8), DType.F32);
        g.output(g.attention(g.silu(x), x, x, 8));
        g.output(g.matMul(x, x, false, true));
        List<Op> ops = g.build().steps().stream().map(s -> s.op()).toList();
        silu = ops.get(0);
        attention = ops.get(1);
        product = ops.get(2);
    }

    private static Choice choice(String property, Tuning tuning) {
        return new Choice(KernelChoices.of(Choice.PROPERTY, property, Choice.variants(), tuning, KEY), Settings.Precision.F32);
    }

    @Test
    void whatIsTunedIsHandTunedByDefault() {
        Choice rule = choice("", Tuning.NONE);
        assertEquals(List.of(false, true, true), Stream.of(silu, attention, product).map(rule::handTuned).toList());
    }

    /** Hand-tuned kernels compute in F32 there. */
    @Test
    void convolutionsAndAttentionInBf16AreTornadoVms() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 4, 4, 8), DType.F32);
        g.output(g.conv2d(x, g.parameter("w", new Shape(8, 3, 3, 8)), Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3)));
        Op convolution = g.build().steps().getFirst().op();
        KernelChoices none = KernelChoices.of(Choice.PROPERTY, "", Choice.variants(), Tuning.NONE, KEY);
        for (Op op : List.of(convolution, attention)) {
            assertEquals(List.of(true, false), Stream.of(Settings.Precision.F32, Settings.Precision.BF16).map(p -> new Choice(none, p).handTuned(op)).toList());
        }
    }

    @Test
    void aMeasurementDecidesAndWhatIsAskedForMoreSo() {
        Tuning tuning = new Tuning(Map.of(KEY, Map.of(silu.signature(), Choice.CUDA, attention.signature(), Choice.TORNADO)));
        Choice measured = choice("", tuning);
        assertEquals(List.of(true, false), List.of(measured.handTuned(silu), measured.handTuned(attention)));
        Choice asked = choice("unary=tornado,attention=cuda", tuning);
        assertEquals(List.of(false, true), List.of(asked.handTuned(silu), asked.handTuned(attention)));
        assertTrue(asked.describe().contains("attention=cuda,unary=tornado"), asked.describe());
    }

    @Test
    void oneSwitchDoesWithoutHandTunedKernels() {
        Choice own = choice("*=tornado", new Tuning(Map.of(KEY, Map.of(silu.signature(), Choice.CUDA))));
        assertEquals(List.of(false, false, false), List.of(own.handTuned(silu), own.handTuned(attention), own.asksForHandTuned()));
        assertTrue(own.describe().contains("*=tornado"), own.describe());
        Choice butOne = choice("*=tornado,unary=cuda", Tuning.NONE);
        assertEquals(List.of(true, false, true), List.of(butOne.handTuned(silu), butOne.handTuned(attention), butOne.asksForHandTuned()));
    }

    @Test
    void opsHaveTheNamesOfTheCudaBackend() {
        // Not by Backends, which probes for drivers: other tests in this JVM name one first.
        Backend cuda = ServiceLoader.load(Backend.class).stream().map(ServiceLoader.Provider::get).filter(b -> b.name().equals(Choice.CUDA)).findFirst()
                .orElseThrow();
        assertTrue(Choice.variants().keySet().containsAll(cuda.kernelVariants().keySet()), Choice.variants().keySet().toString());
        String message = assertThrows(IllegalArgumentException.class, () -> choice("unary=v1", Tuning.NONE)).getMessage();
        assertTrue(message.contains("unary has no variant \"v1\"; there are: tornado, cuda"), message);
    }
}
