package sirocco.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.nn.unet.UNetConfig;

/** Translation of recorded networks. That programs compute what their graphs say is tested where there is LibTorch, in java-runtime/bench. */
class TorchProgramTest {
    private static TorchProgram unet(UNetConfig config, int n) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", config.network().images(n), DType.F32);
        Value t = g.input("t", Shape.features(n, 1), DType.F32);
        g.output(config.network().apply(g, x, t, Map.of(), Optional.empty()));
        return TorchProgram.of(g.build(), config.network());
    }

    /** How often each call is made. */
    private static Map<String, Integer> counts(TorchProgram p) {
        Map<String, Integer> counts = new TreeMap<>();
        p.lines().forEach(l -> counts.merge(l.call().getClass().getSimpleName(), 1, Integer::sum));
        return counts;
    }

    @Test
    void theCifarModelBecomesTheCallsThatAUserWrites() {
        TorchProgram p = unet(UNetConfig.cifar10(), 2);
        assertEquals(35_746_307, p.parameterCount());
        assertEquals(List.of(2, 3, 32, 32), p.inputs().getFirst().shape());
        assertEquals(List.of(2, 1), p.inputs().get(1).shape());
        assertEquals(List.of(2, 3, 32, 32), p.outputs().getFirst().shape());
        Map<String, Integer> counts = counts(p);
        // Residual blocks: 8 down, 2 in the middle, 12 up, each with two 3×3 convolutions; 3 downsamplers, 3 upsamplers; conv_in and conv_out. A shortcut in the
        // first block of level 1 and in each of the way up.
        assertEquals(22 * 2 + 3 + 3 + 2 + 13, counts.get("Conv2d"));
        // Attention: after 2 blocks down and 3 up at 16×16, and in the middle.
        assertEquals(6, counts.get("Attention"));
        assertEquals(2 + 22 + 4 * 6, counts.get("Linear"));
        assertEquals(22 * 2 + 6 + 1, counts.get("GroupNorm"));
        assertEquals(3, counts.get("Pad"));
        assertEquals(12, counts.get("Concat"));
        assertEquals(Map.of("attention", List.of(256, 256), "shortcut", List.of(256, 128, 1, 1), "bias", List.of(256)), Map.of(
                "attention", shape(p, "down_blocks.1.attentions.0.to_q.weight"), "shortcut", shape(p, "down_blocks.1.resnets.0.conv_shortcut.weight"),
                "bias", shape(p, "down_blocks.1.attentions.0.to_q.bias")));
    }

    private static List<Integer> shape(TorchProgram p, String name) {
        return p.parameters().stream().filter(w -> w.name().equals(name)).findFirst().orElseThrow().shape();
    }

    /** Each register is written once, read only afterwards and until it is dead, and everything but parameters, inputs and outputs dies. */
    @Test
    void registersDieAfterTheirLastReader() {
        TorchProgram p = unet(UNetConfig.small(), 3);
        Set<Register> alive = new HashSet<>();
        p.parameters().forEach(w -> alive.add(w.register()));
        p.inputs().forEach(i -> alive.add(i.register()));
        Set<Register> given = Set.copyOf(alive);
        int most = 0;
        for (TorchProgram.Line line : p.lines()) {
            assertTrue(alive.containsAll(line.call().reads()), line::toString);
            assertTrue(alive.add(line.call().y()), line::toString);
            assertTrue(line.call().y().number() < p.registers());
            line.dead().forEach(r -> assertTrue(alive.remove(r), line::toString));
            most = Math.max(most, alive.size() - given.size());
        }
        p.outputs().forEach(o -> assertTrue(alive.remove(o.register())));
        assertEquals(given, alive);
        // The skips of the way down, and a few more.
        assertTrue(most < 20, "alive at once: " + most);
    }

    @Test
    void jsonHasEveryCall() throws IOException {
        TorchProgram p = unet(UNetConfig.small(), 1);
        JsonNode json = new ObjectMapper().readTree(p.toJson());
        assertEquals(p.parameters().size(), json.get("parameters").size());
        assertEquals(p.parameters().getFirst().name(), json.get("parameters").get(0).get("name").asText());
        JsonNode first = null;
        List<String> names = new ArrayList<>();
        for (JsonNode line : json.get("lines")) {
            names.add(line.get("name").asText());
            first = first == null && line.get("call").get("call").asText().equals("Conv2d") ? line : first;
        }
        assertEquals(p.lines().stream().map(TorchProgram.Line::name).toList(), names);
        assertEquals("conv_in", first.get("name").asText());
        assertEquals(p.inputs().getFirst().register().number(), first.get("call").get("x").asInt());
        assertEquals(1, first.get("call").get("stride").asInt());
        assertTrue(first.get("dead").isArray());
    }

    @Test
    void aReversePassIsRefused() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(2, 4, 4, 3), DType.F32);
        Value w = g.parameter("w", new Shape(5, 3, 3, 3));
        Value y = g.in("conv", () -> g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), Window.same(3)));
        Value loss = g.in("loss", () -> g.mean(y, EnumSet.allOf(Axis.class)));
        Gradients.ofParameters(g, loss);
        g.output(loss);
        Graph graph = g.build();
        var e = assertThrows(UnsupportedOperationException.class, () -> TorchProgram.of(graph, _ -> false));
        assertTrue(e.getMessage().contains("Conv2dBackwardWeights"), e.getMessage());
        var none = assertThrows(IllegalArgumentException.class, () -> TorchProgram.of(new Graph(graph.values(), graph.steps(), List.of()), _ -> false));
        assertTrue(none.getMessage().contains("no outputs"), none.getMessage());
    }
}
