package sirocco.nn.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import sirocco.api.Attention;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Gradients;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Random;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.ClassCondition;
import sirocco.nn.Condition;
import sirocco.nn.Parameter;

class UNetTest {
    @Test
    void presetsHaveTheirKnownSizes() {
        assertEquals(1_624_323, new UNet(UNetConfig.small()).parameterCount());
        UNet cifar10 = new UNet(UNetConfig.cifar10());
        assertEquals(35_746_307, cifar10.parameterCount());
        assertEquals(328, cifar10.parameters().size());
    }

    /** 12.44 and 0.1938 GFLOP an image, counted in PyTorch. */
    @Test
    void presetsHaveTheirKnownCost() {
        assertEquals(12.44e9, new UNet(UNetConfig.cifar10()).flopsPerImage(), 0.01e9);
        assertEquals(193.8e6, new UNet(UNetConfig.small()).flopsPerImage(), 0.5e6);
    }

    @Test
    void recordsExactlyTheParametersThatItDeclares() {
        for (UNetConfig c : List.of(UNetConfig.small(), UNetConfig.cifar10(), UNetConfig.small().toBuilder().numClassEmbeds(11).build(),
                UNetConfig.builder().size(28).channels(1).blockOutChannels(16).normNumGroups(4).build(),
                UNetConfig.builder().size(24, 8).blockOutChannels(8, 16, 24, 16).normNumGroups(4).attentionHeadDim(8).attentionAt(0, 3)
                        .layersPerBlock(1).build(),
                UNetConfig.builder().size(10).blockOutChannels(12, 6).normNumGroups(3).midBlock(false).build())) {
            UNet net = new UNet(c);
            Graph graph = record(net, 2, false);
            assertEquals(net.parameters().stream().collect(Collectors.toMap(Parameter::name, Parameter::shape)),
                    graph.parameters().stream().collect(Collectors.toMap(Value::name, Value::shape)));
            Shape out = ((Convolution.Conv2d) graph.steps().getLast().op()).y().shape();
            assertEquals(new Shape(2, c.height(), c.width(), c.outChannels()), out);
        }
    }

    @Test
    void everyParameterGetsAGradient() {
        UNet net = new UNet(UNetConfig.small().toBuilder().numClassEmbeds(3).dropout(0.1).build());
        Graph graph = record(net, 2, true);
        assertEquals(net.parameters().size(), graph.withRole(Value.Role.STATE).stream().filter(v -> v.name().startsWith("grad.")).count());
        // 17 residual blocks, each with its own mask forward and again on the way back.
        assertEquals(2 * (6 + 2 + 9), graph.steps().stream().filter(s -> s.op() instanceof Random.Dropout).count());
        assertEquals(6 + 2 + 9, graph.steps().stream()
                .map(s -> s.op() instanceof Random.Dropout d ? d.id() : -1).filter(id -> id >= 0).distinct().count());
    }

    @Test
    void headsFollowTheHeadSize() {
        UNet net = new UNet(UNetConfig.builder().size(8).blockOutChannels(32, 64).normNumGroups(8).attentionHeadDim(8).attentionAt(0).build());
        List<Integer> heads = record(net, 1, false).steps().stream()
                .filter(s -> s.op() instanceof Attention.Forward).map(s -> ((Attention.Forward) s.op()).heads()).toList();
        assertEquals(List.of(4, 4, 8, 4, 4, 4), heads);
    }

    @Test
    void otherSizesThanTheConfiguredOneWorkIfTheyCanBeHalved() {
        UNet net = new UNet(UNetConfig.small());
        assertEquals(new Shape(1, 20, 12, 3), apply(net, new Shape(1, 20, 12, 3), false).shape());
        String message = assertThrows(IllegalArgumentException.class, () -> apply(net, new Shape(1, 18, 16, 3), false)).getMessage();
        assertTrue(message.contains("18×16") && message.contains("multiples of 4"), message);
        message = assertThrows(IllegalArgumentException.class, () -> apply(net, new Shape(1, 16, 16, 1), false)).getMessage();
        assertTrue(message.contains("conv_in") && message.contains("1 channels"), message);
    }

    @Test
    void labelsAreThereExactlyIfTheModelKnowsClasses() {
        Shape x = new Shape(1, 16, 16, 3);
        UNet plain = new UNet(UNetConfig.small());
        UNet classes = new UNet(UNetConfig.small().toBuilder().numClassEmbeds(11).build());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> apply(plain, x, true)).getMessage().contains("expected [], got [label]"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> apply(classes, x, false)).getMessage().contains("expected [label], got []"));
    }

    private static Value apply(UNet net, Shape shape, boolean labels) {
        GraphBuilder g = new GraphBuilder();
        Condition label = new ClassCondition(11);
        return net.apply(g, g.input("x", shape, DType.F32), g.input("t", Shape.features(shape.n(), 1), DType.F32),
                labels ? Map.of(label, label.column().input(g, shape.n())) : Map.of(), Optional.empty());
    }

    private static Graph record(UNet net, int n, boolean training) {
        GraphBuilder g = new GraphBuilder();
        UNetConfig c = net.config();
        Value x = g.input("x", new Shape(n, c.height(), c.width(), c.inChannels()), DType.F32);
        Value t = g.input("t", Shape.features(n, 1), DType.F32);
        Map<Condition, Value> conditions = net.conditionInputs(g, n);
        Optional<RandomKey> dropout = Optional.of(new RandomKey(g.input("rng", Shape.vector(4), DType.I32),
                g.input("index", Shape.features(n, 1), DType.I32)));
        Value out = net.apply(g, x, t, conditions, dropout);
        if (training) {
            Value loss = g.mseLoss(out, g.input("target", out.shape(), DType.F32), Optional.empty());
            g.output(loss);
            Gradients.ofParameters(g, loss);
        }
        return g.build();
    }
}
