package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.nn.unet.UNetConfig;

class TrainConfigTest {
    @Test
    void whatIsWrittenIsReadBack() {
        TrainConfig c = TrainConfig.DEFAULT.withNetwork(n -> n.withUnet(u -> u.withBlockOutChannels(List.of(8, 16)))).withRun(r -> r.withSeed(-3))
                .withObjective(o -> o.withMinSnrGamma(5));
        assertEquals(c, TrainConfig.parse(c.toJson(), TrainConfig.DEFAULT, "test"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"batch": 0}               | batch
            {"batch": 1.5}             | batch
            {"batch": null}            | batch
            {"batch": "many"}          | batch
            {"bacth": 8}               | bacth
            {"batch": 8, "batch": 9}   | batch
            {"learningRate": -1}       | learningRate
            {"learningRate": 1e999}    | learningRate
            {"learningRate": NaN}      | JSON
            {"dropout": 1}             | dropout
            {"dropout": -0.5}          | dropout
            {"labelDrop": 1.5}         | labelDrop
            {"timesteps": 0}           | timesteps
            {"blockOutChannels": [0]}  | blockOutChannels
            {"keep": 0}                | keep
            {"attentionLevels": [1, -1]} | attentionLevels
            {"data": " "}              | data
            [1]                        | object
            {"batch": 8                | JSON""")
    void whatCannotBeIsNamed(String json, String named) {
        var e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.parse(json, TrainConfig.DEFAULT, "run.json"));
        assertTrue(e.getMessage().startsWith("run.json: ") && e.getMessage().contains(named), e.getMessage());
        assertFalse(e.getMessage().matches("(?s).*(Source|REDACTED|sirocco\\.|\n).*"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"bacth": 8}                                | "bacth" is not a setting. The nearest is "data.batch".
            {"data": {"bacth": 8}}                      | "data.bacth" is not a setting. The nearest is "data.batch".
            {"optimiser": {"learningRate": 1}}          | "optimiser" is not a setting
            {"optimizer": {"learning-rate": 1}}         | The nearest is "optimizer.learningRate".
            {"optimizer": {"beta1": 0.5}}               | The nearest is "optimizer.adam.beta1".
            {"run": {"learnignRate": 1}}                | The nearest is "optimizer.learningRate".
            {"optimizer": {"adam": 3}}                  | "optimizer.adam" is a section (expected an object with beta1, beta2, epsilon, got 3).
            {"network": {"unet": null}}                 | "network.unet" is a section
            {"optimizer": 1}                            | "optimizer" is a section (expected an object with learningRate, learningRateSchedule, warmup, adam.beta1
            {"batch": 8, "data": {"batch": 9}}          | "data.batch" is given twice
            {"data": {"batch": {"size": 3}}}            | data.batch: """)
    void whatIsNoSettingHasItsNearest(String json, String message) {
        var e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.parse(json, TrainConfig.DEFAULT, "run.json"));
        assertTrue(e.getMessage().startsWith("run.json: ") && e.getMessage().contains(message), e.getMessage());
    }

    /** As versions before the tree wrote it. */
    @Test
    void theFlatFormIsRead() {
        String old = """
                {
                  "data" : "photos.zip",
                  "imageSize" : 32,
                  "channels" : 3,
                  "model" : "cifar10",
                  "blockOutChannels" : [ 64, 128 ],
                  "layersPerBlock" : 1,
                  "attentionLevels" : [ 1 ],
                  "headChannels" : 8,
                  "normGroups" : 16,
                  "dropout" : 0.25,
                  "classConditional" : false,
                  "labelDrop" : 0.2,
                  "schedule" : "cosine",
                  "timesteps" : 500,
                  "prediction" : "sample",
                  "minSnrGamma" : 5.0,
                  "flip" : true,
                  "steps" : 1500,
                  "batch" : 48,
                  "learningRate" : 0.002,
                  "warmup" : 17,
                  "beta1" : 0.8,
                  "beta2" : 0.99,
                  "adamEpsilon" : 1.0E-6,
                  "weightDecay" : 0.01,
                  "clipNorm" : 2.0,
                  "emaDecay" : 0.995,
                  "seed" : 7,
                  "saveEvery" : 250,
                  "keep" : 2,
                  "logEvery" : 5,
                  "sampleEvery" : 100
                }
                """;
        TrainConfig expected = new TrainConfig(new DataOptions("photos.zip", 32, 3, true, 48, 0),
                new NetworkOptions("cifar10", "", "", false, false, "own", new UNetOptions(List.of(64, 128), 1, List.of(1), 8, 16, 0.25)),
                new ProcessOptions("discrete", "cosine", 500, TrainConfig.DEFAULT.process().edm()), new ObjectiveOptions("simple", "sample", "fixed", 0, 5, 0.2),
                new OptimizerOptions(0.002, "constant", 17, new AdamOptions(0.8, 0.99, 1e-6), 0.01, 2, 0.995), new RunOptions(1500, 7, 250, 2, 5, 100));
        TrainConfig read = TrainConfig.parse(old, TrainConfig.DEFAULT, "run.json");
        assertEquals(expected, read);
        assertTrue(read.toJson().contains("\"optimizer\" : {") && read.toJson().contains("\"adam\" : {"), "new files are trees: " + read.toJson());
        assertEquals(expected, TrainConfig.parse(read.toJson(), TrainConfig.DEFAULT, "run.json"));
    }

    // ---- the tree --------------------------------------------------------------------------------------------------------------

    private static List<Class<?>> records(Class<?> root) {
        return Stream.concat(Stream.of(root), Arrays.stream(root.getRecordComponents()).map(RecordComponent::getType).filter(Class::isRecord)
                .flatMap(r -> records(r).stream())).toList();
    }

    @Test
    void noRecordHasMoreThanSevenComponentsAndNoFlatNameIsUsedTwice() {
        records(TrainConfig.class).forEach(r -> assertTrue(r.getRecordComponents().length <= 7, r.getName()));
        List<SettingPath> all = SettingPath.of(TrainConfig.class);
        assertEquals(all.size(), all.stream().map(SettingPath::flat).distinct().count());
    }

    /** Every with method changes its own component and no other. */
    @Test
    void withMethodsChangeOneComponent() throws ReflectiveOperationException {
        for (Class<?> type : records(TrainConfig.class)) {
            Object before = component(TrainConfig.DEFAULT, type);
            for (RecordComponent c : type.getRecordComponents()) {
                if (c.getType().isRecord()) {
                    continue;
                }
                Object changed = other(c, c.getAccessor().invoke(before));
                String method = "with" + c.getName().substring(0, 1).toUpperCase(Locale.ROOT) + c.getName().substring(1);
                Object after = type.getMethod(method, c.getType()).invoke(before, changed);
                for (RecordComponent each : type.getRecordComponents()) {
                    assertEquals(each.getName().equals(c.getName()) ? changed : each.getAccessor().invoke(before), each.getAccessor().invoke(after), type + "." + method);
                }
            }
        }
    }

    private static Object component(Record root, Class<?> type) throws ReflectiveOperationException {
        if (root.getClass() == type) {
            return root;
        }
        for (RecordComponent c : root.getClass().getRecordComponents()) {
            Object found = c.getType().isRecord() ? component((Record) c.getAccessor().invoke(root), type) : null;
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** A value that is possible and not this one. */
    private static Object other(RecordComponent c, Object value) {
        return switch (value) {
            case Boolean b -> !b;
            case Integer i -> i + 1;
            case Long l -> l + 1;
            case Double d -> d == -1 ? 0.5 : d == 0 ? 0.25 : d / 2;
            case String _ -> switch (c.getName()) {
                case "fromHash" -> "0".repeat(64);
                case "condition" -> "low-res:4";
                case "learningRateSchedule" -> "cosine";
                default -> "other";
            };
            case List<?> _ -> List.of(2);
            default -> throw new AssertionError(c);
        };
    }

    @Test
    void sectionsAreChangedTogether() {
        TrainConfig c = TrainConfig.DEFAULT.withOptimizer(o -> o.withLearningRate(1e-3).withAdam(a -> a.withBeta1(0.5).withEpsilon(1e-6)))
                .withData(d -> d.withMicroBatch(5).withBatch(15));
        assertEquals(TrainConfig.parse("""
                {"optimizer": {"learningRate": 1e-3, "adam": {"beta1": 0.5, "epsilon": 1e-6}}, "data": {"batch": 15, "microBatch": 5}}""",
                TrainConfig.DEFAULT, "test"), c);
        assertEquals(3, c.microBatches());
    }

    @Test
    void brokenJsonIsFound() {
        var e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.parse("{\"batch\": 8,\n \"seed\" 3}", TrainConfig.DEFAULT, "run.json"));
        assertTrue(e.getMessage().startsWith("run.json: not valid JSON: line 2, column "), e.getMessage());
    }

    @Test
    void theModelIsShapedToFitTheData() throws Exception {
        try (TrainSetup setup = TrainSetup.of(Tiny.config(c -> c.withData(d -> d.withChannels(1))))) {
            var model = (UNetConfig) setup.model().config();
            assertEquals(8, model.height());
            assertEquals(1, model.inChannels());
            assertEquals(setup.data().classNames().size() + 1, model.numClassEmbeds().getAsInt());
            assertEquals(0.1, model.dropout());
        }
        for (double dropout : new double[] {-1, 0}) {
            try (TrainSetup setup = TrainSetup.of(TrainConfig.DEFAULT.withData(d -> d.withSource("shapes32"))
                    .withNetwork(n -> n.withModel("cifar10").withUnet(u -> u.withDropout(dropout))))) {
                assertEquals(dropout == -1 ? 0.1 : 0, ((UNetConfig) setup.model().config()).dropout(), "-1 leaves it to the model, 0 is none");
            }
        }
        for (List<Integer> levels : List.of(List.<Integer>of(), List.of(0, 2), List.of(-1))) {
            try (TrainSetup setup = TrainSetup.of(TrainConfig.DEFAULT.withNetwork(n -> n.withUnet(u -> u.withAttentionLevels(levels))))) {
                List<Boolean> expected = switch (levels.toString()) {
                    case "[]" -> List.of(false, true, false);
                    case "[-1]" -> List.of(false, false, false);
                    default -> List.of(true, false, true);
                };
                assertEquals(expected, ((UNetConfig) setup.model().config()).downAttention(), levels.toString());
            }
        }
        try (TrainSetup setup = TrainSetup.of(Tiny.config(c -> c.withNetwork(n -> n.withClassConditional(false))))) {
            assertTrue(setup.model().config().numClassEmbeds().isEmpty());
        }
    }

    @Test
    void settingsThatDoNotFitEachOtherAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config(c -> c.withNetwork(n -> n.withUnet(u -> u.withNormGroups(3))))));
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config(c -> c.withProcess(p -> p.withSchedule("straight")))));
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config(c -> c.withNetwork(n -> n.withModel("huge")))));
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config(c -> c.withObjective(o -> o.withPrediction("noise")))));
        assertThrows(RuntimeException.class, () -> TrainSetup.of(Tiny.config(c -> c.withData(d -> d.withSource("nowhere/at-all")))));
    }
}
