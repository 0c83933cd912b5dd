package sirocco.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.io.Nchw;
import sirocco.nn.Condition;
import sirocco.nn.LowResCondition;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.nn.unet.UNetConfigBuilder;
import sirocco.sample.Denoiser;
import sirocco.testkit.Tolerance;

/** Exported U-Nets in ONNX Runtime against the CPU backend, at batch sizes that they were not recorded at. */
class NetworkExportTest {
    private static final Tolerance ONLY_RMS = new Tolerance(Exported.TOLERANCE, 0);

    @TempDir
    Path folder;

    private static UNetConfigBuilder tiny() {
        return UNetConfig.builder().size(8).blockOutChannels(8, 16).layersPerBlock(1).normNumGroups(4);
    }

    private static Map<String, UNetConfig> configurations() {
        Map<String, UNetConfig> all = new LinkedHashMap<>();
        all.put("no attention but in the middle", tiny().build());
        all.put("attention", tiny().attentionAt(1).build());
        all.put("heads", tiny().attentionAt(0, 1).attentionHeadDim(4).build());
        all.put("classes", tiny().numClassEmbeds(5).attentionAt(1).build());
        all.put("odd size", tiny().size(10, 14).channels(1).attentionAt(1).build());
        all.put("one pixel at the lowest level", tiny().size(4).blockOutChannels(8, 8, 16).attentionAt(2).build());
        all.put("one level, one group", UNetConfig.builder().size(5).blockOutChannels(12).layersPerBlock(2).normNumGroups(1).build());
        all.put("low-resolution partner", tiny().size(12, 6).channels(2).lowResFactor(3).build());
        all.put("options of other models", tiny().flipSinToCos(true).freqShift(0).downsamplePadding(1).build());
        return all;
    }

    @TestFactory
    Stream<DynamicTest> agreesWithTheCpu() {
        return configurations().entrySet().stream().flatMap(e -> Stream.of(false, true).map(mapped -> dynamicTest(
                e.getKey() + (mapped ? ", operators for fused ops" : ", primitives"), () -> compare(e.getValue(), OptionalInt.empty(), mapped, 1, 3, 4))));
    }

    @Test
    void aFixedBatchIsFixed() {
        compare(configurations().get("classes"), OptionalInt.of(3), true, 3);
        compare(configurations().get("attention"), OptionalInt.of(1), true, 1);
        compare(configurations().get("attention"), OptionalInt.of(1), false, 1);
    }

    private static void compare(UNetConfig config, OptionalInt batch, boolean mapped, int... sizes) {
        Weights weights = weights(config);
        OnnxModel model = NetworkExport.of(weights, batch, mapped, "test", Optional.empty());
        try (Session session = new Session(model); Device cpu = Backends.choose("cpu").open(Settings.DEFAULT)) {
            for (int n : sizes) {
                SplittableRandom random = new SplittableRandom(n);
                int c = config.inChannels();
                int h = config.height();
                int w = config.width();
                float[] x = new float[n * c * h * w];
                float[] t = new float[n];
                Batch given = new Batch(n, Stream.concat(Stream.of(Column.label()), config.network().conditions().stream().map(Condition::column)).toList());
                int[] labels = given.ints(Column.LABEL);
                long[] longs = new long[n];
                for (int i = 0; i < x.length; i++) {
                    x[i] = (float) random.nextGaussian();
                }
                for (int i = 0; i < n; i++) {
                    t[i] = random.nextInt(1000);
                    labels[i] = config.numClassEmbeds().isPresent() ? random.nextInt(config.numClassEmbeds().getAsInt()) : 0;
                    longs[i] = labels[i];
                }
                if (config.lowResFactor().isPresent()) {
                    int k = config.lowResFactor().getAsInt();
                    float[] partners = new float[x.length / (k * k)];
                    for (int i = 0; i < partners.length; i++) {
                        partners[i] = (float) random.nextGaussian();
                    }
                    session.with(NetworkExport.LOW_RES, partners, n, c, h / k, w / k);
                    System.arraycopy(Nchw.toNhwc(partners, n, c, h / k, w / k), 0, given.floats(LowResCondition.COLUMN), 0, partners.length);
                }
                float[] expected = new float[n * config.outChannels() * h * w];
                try (Denoiser denoiser = new Denoiser(cpu, new UNet(config), n, h, w).load(weights)) {
                    denoiser.run(Nchw.toNhwc(x, n, c, h, w), t, given, expected);
                }
                session.with(NetworkExport.SAMPLE, x, n, c, h, w).with(NetworkExport.TIMESTEP, t, n);
                if (config.numClassEmbeds().isPresent()) {
                    session.with(NetworkExport.LABELS, longs, n);
                }
                double[] actual = Exported.doubles(session.run().get(NetworkExport.OUTPUT));
                Exported.assertClose("batch " + n, Exported.doubles(Nchw.fromNhwc(expected, n, config.outChannels(), h, w)), actual, ONLY_RMS);
            }
        }
    }

    /** Weights of which none is near zero, so that no part of the network hides an error in another. */
    private static Weights weights(UNetConfig config) {
        Weights weights = new WeightArrays(config);
        SplittableRandom random = new SplittableRandom(7);
        for (String name : weights.names()) {
            boolean vector = weights.shape(name).imageElements() == weights.shape(name).c() && weights.shape(name).n() == 1;
            float center = name.contains("norm") && name.endsWith("weight") ? 1 : 0;
            double size = vector ? 0.1 : 1 / Math.sqrt(weights.shape(name).imageElements());
            float[] all = weights.get(name);
            for (int i = 0; i < all.length; i++) {
                all[i] = center + (float) (size * random.nextGaussian());
            }
        }
        return weights;
    }

    @Test
    void imagesAreTransposedForAttentionOnly() {
        Map<String, Integer> without = nodes(tiny().addAttention(false).build(), true);
        assertEquals(0, without.getOrDefault("Transpose", 0), without.toString());
        assertEquals(0, nodes(tiny().addAttention(false).blockOutChannels(8).build(), false).getOrDefault("Transpose", 0), "primitives, without upsampling");
        Map<String, Integer> with = nodes(tiny().build(), true);
        assertTrue(with.get("Transpose") <= 2, "of the middle's attention: " + with);
        assertTrue(with.get("Softmax") == 1 && with.get("Resize") == 1 && !with.containsKey("ReduceMean"), with.toString());
        Map<String, Integer> primitives = nodes(tiny().build(), false);
        assertFalse(primitives.containsKey("Softmax") || primitives.containsKey("Resize") || primitives.containsKey("InstanceNormalization"), primitives.toString());
        assertFalse(with.containsKey("Shape"), "no size is computed: each reshape leaves the batch to the runtime: " + with);
    }

    private static Map<String, Integer> nodes(UNetConfig config, boolean mapped) {
        return NetworkExport.of(weights(config), OptionalInt.empty(), mapped, "test", Optional.empty()).nodes();
    }

    @Test
    void weightsHaveTheirKeysForNames() {
        OnnxModel model = NetworkExport.of(weights(tiny().build()), OptionalInt.empty(), true, "test", Optional.empty());
        var conv = model.graph().initializers().stream().filter(t -> t.name().equals("down_blocks.0.resnets.0.conv1.weight")).findFirst().orElseThrow();
        assertEquals(List.of(8L, 8L, 3L, 3L), conv.dims(), "[out, in, rows, columns], as in PyTorch");
        long parameters = model.graph().initializers().stream().filter(t -> !t.name().contains("constant")).mapToLong(t -> t.dataBytes() / Float.BYTES).sum();
        assertEquals(new UNet(tiny().build()).parameterCount(), parameters, "each weight is stored once");
    }

    @Test
    void theFileDescribesItself() throws IOException {
        Path file = folder.resolve("model.onnx");
        OnnxModel model = NetworkExport.of(weights(tiny().build()), OptionalInt.empty(), true, "sirocco 9.9", Optional.of("{\"scheduler\": 1}"));
        model.write(file);
        assertEquals(model.bytes(), Files.size(file));
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        for (String part : List.of("sirocco 9.9", "UNet2DModel", "block_out_channels", "{\"scheduler\": 1}", "batch")) {
            assertTrue(text.contains(part), part);
        }
    }
}
