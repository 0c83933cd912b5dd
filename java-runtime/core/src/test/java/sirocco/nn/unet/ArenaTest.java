package sirocco.nn.unet;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Diffusion;
import sirocco.api.Gradients;
import sirocco.api.GraphBuilder;
import sirocco.api.Plan;
import sirocco.api.RandomKey;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Planning pays: the arena of the CIFAR-10 model beside what its values would take one by one. */
class ArenaTest {
    private static final UNet MODEL = new UNet(UNetConfig.cifar10());
    private static final int IMAGES = 8;

    @Test
    void samplingTakesASmallPart() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.state("x", images(), DType.F32);
        Value cursor = g.state("cursor", Shape.vector(1), DType.I32);
        Value table = g.input("table", new Shape(50, 1, 1, 12), DType.F32);
        RandomKey key = key(g);
        Value out = MODEL.apply(g, x, g.chainTimestep(table, cursor, IMAGES), Map.of(), Optional.empty());
        g.samplingStep(out, table, key.rng(), key.index(), x, Optional.empty(), Optional.empty(), cursor);
        atMost(0.15, plan(g));
    }

    @Test
    void trainingTakesLessThanItsValues() {
        GraphBuilder g = new GraphBuilder();
        Value pixels = g.input("pixels", images(), DType.U8);
        Value schedule = g.input("schedule", new Shape(1000, 1, 1, 8), DType.F32);
        RandomKey key = key(g);
        Diffusion.Noised noised = g.noising(pixels, schedule, key.rng(), key.index(), true);
        Value out = MODEL.apply(g, noised.xt(), noised.t(), Map.of(), Optional.of(key));
        Value loss = g.output(g.mseLoss(out, noised.target(), Optional.of(noised.weight())));
        g.output(g.adamEma(Gradients.ofParameters(g, loss), g.input("hyper", Shape.vector(16), DType.F32)));
        // The reverse pass needs most of what the forward pass wrote; its own values come and go.
        atMost(0.45, plan(g));
    }

    private static Shape images() {
        return new Shape(IMAGES, MODEL.config().height(), MODEL.config().width(), MODEL.config().inChannels());
    }

    private static RandomKey key(GraphBuilder g) {
        return new RandomKey(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(IMAGES, 1), DType.I32));
    }

    /** Two threads: each has working memory of its own, which counts. */
    private static Plan plan(GraphBuilder g) {
        try (Device device = Backends.choose("cpu").open(new Settings(2, 0, Settings.Precision.F32))) {
            return device.plan(g.build());
        }
    }

    private static void atMost(double part, Plan plan) {
        assertTrue(plan.arenaBytes() <= part * plan.unplannedBytes(), plan::summary);
    }
}
