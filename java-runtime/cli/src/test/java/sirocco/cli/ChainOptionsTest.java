package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.data.Samples;
import sirocco.folder.ClassLabels;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.pipeline.DiffusionModel;

class ChainOptionsTest {
    private static final ClassLabels PETS = ClassLabels.of(List.of("cat", "dog", "hamster"), OptionalInt.of(3));

    /** Stands for a number of steps that is not known before sampling. */
    private static final int UNKNOWN = -1;

    private static UNetConfig model(int classRows) {
        return UNetConfig.builder().size(8).blockOutChannels(8).normNumGroups(4).layersPerBlock(1).numClassEmbeds(classRows).build();
    }

    private static DiffusionModel model(int classRows, ClassLabels labels) {
        return new DiffusionModel(new WeightArrays(model(classRows)), Optional.empty(), labels);
    }

    private static ChainOptions ofClass(String... imageClasses) {
        ChainOptions options = ChainOptions.quick();
        if (imageClasses.length == 1) {
            options.imageClass = imageClasses[0];
        } else {
            options.imageClasses = List.of(imageClasses);
        }
        return options;
    }

    private static int[] first(int n, Samples conditions) {
        Batch batch = new Batch(n, conditions.columns());
        for (int i = 0; i < n; i++) {
            conditions.read(i, batch, i);
        }
        return batch.ints(Column.LABEL);
    }

    @Test
    void allClassesTakeTurnsAndTheNullClassIsLeftOut() {
        DiffusionModel named = model(4, PETS);
        assertArrayEquals(new int[] {0, 1, 2, 0, 1}, first(5, ofClass("all").conditions(named)));
        assertArrayEquals(new int[] {0, 1, 2, 0, 1}, first(5, ofClass().conditions(named)));
        assertArrayEquals(new int[] {0, 1, 2, 3, 0}, first(5, ofClass("all").conditions(model(4, ClassLabels.NONE))), "which class is null is not assumed");
        assertArrayEquals(new int[] {0, 2, 0}, first(3, ofClass("all").conditions(model(3, ClassLabels.of(List.of(), OptionalInt.of(1))))));
        assertArrayEquals(new int[] {0, 0}, first(2, ofClass("all").conditions(model(0, ClassLabels.NONE))), "an unconditional model is not asked");
        assertThrows(IllegalArgumentException.class, () -> ofClass("all").conditions(model(1, ClassLabels.of(List.of(), OptionalInt.of(0)))));
    }

    @Test
    void classesAreChosenByNameOrNumber() {
        assertArrayEquals(new int[] {2, 2, 2}, first(3, ofClass("2").conditions(model(4, ClassLabels.NONE))));
        assertArrayEquals(new int[] {3}, first(1, ofClass("3").conditions(model(4, PETS))), "the null class by its number");
        assertArrayEquals(new int[] {1, 1}, first(2, ofClass("dog").conditions(model(4, PETS))));
        assertArrayEquals(new int[] {2, 0, 2}, first(3, ofClass("hamster", "0").conditions(model(4, PETS))));
    }

    @Test
    void aClassThatTheModelDoesNotHaveIsRefused() {
        for (String wrong : new String[] {"4", "-1", "cow", "1.5", ""}) {
            String message = assertThrows(IllegalArgumentException.class, () -> ofClass(wrong).conditions(model(4, PETS)), wrong).getMessage();
            assertTrue(message.startsWith("--class " + wrong) && message.contains("0 cat, 1 dog, 2 hamster"), message);
        }
        assertTrue(assertThrows(IllegalArgumentException.class, () -> ofClass("cat", "dgo").conditions(model(4, PETS))).getMessage().contains("nearest name is \"dog\""));
        assertThrows(IllegalArgumentException.class, () -> ofClass("0").conditions(model(0, ClassLabels.NONE)));
        assertThrows(IllegalArgumentException.class, () -> ofClass("0", "1").conditions(model(0, ClassLabels.NONE)));
        ChainOptions both = ofClass("0", "1");
        both.imageClass = "0";
        assertTrue(assertThrows(IllegalArgumentException.class, () -> both.conditions(model(4, PETS))).getMessage().contains("exclude each other"));
    }

    @Test
    void guidanceNeedsToKnowTheNullClass() {
        ChainOptions options = ofClass("0");
        options.guidance = 2;
        options.checkGuidance(model(4, PETS), Optional.empty());
        String unconditional = assertThrows(IllegalArgumentException.class, () -> options.checkGuidance(model(0, ClassLabels.NONE), Optional.empty())).getMessage();
        assertTrue(unconditional.contains("--guidance 2.0") && unconditional.contains("unconditional"), unconditional);
        String message = assertThrows(IllegalArgumentException.class, () -> options.checkGuidance(model(4, ClassLabels.NONE), Optional.empty())).getMessage();
        assertTrue(message.contains("--null-class N") && message.contains("the last, 3"), message);
        options.nullClass = "1";
        options.checkGuidance(model(4, ClassLabels.NONE), Optional.empty());
        options.nullClass = "4";
        assertThrows(IllegalArgumentException.class, () -> options.checkGuidance(model(4, ClassLabels.NONE), Optional.empty()));
        options.guidance = 1;
        assertThrows(IllegalArgumentException.class, () -> options.checkGuidance(model(0, ClassLabels.NONE), Optional.empty()), "--null-class of an unconditional model");
    }

    @Test
    void aScaleNeedsAClassifier() {
        ChainOptions options = ofClass("0");
        options.guidance = 1;
        options.classifierScale = 2.0;
        String message = assertThrows(IllegalArgumentException.class, () -> options.checkGuidance(model(4, PETS), Optional.empty())).getMessage();
        assertTrue(message.contains("--classifier-scale 2.0"), message);
    }

    @Test
    void aSamplerTakesItsUsualStepsOrTheModelsOwnWay() {
        assertEquals(20, steps("dpm++2m", null, Optional.empty()));
        assertEquals(20, steps(null, null, Optional.empty()), "the fast solver of discrete timesteps, dpm++2m");
        assertEquals(2 * 25 - 1, steps(null, null, Optional.of("{\"_class_name\": \"EDMEulerScheduler\"}")), "that of the EDM process, heun, evaluates twice a step");
        assertEquals(50, steps("ddim", null, Optional.empty()));
        assertEquals(1000, steps("ddpm", null, Optional.empty()));
        assertEquals(7, steps("ddpm", 7, Optional.empty()));
        assertEquals(50, steps("own", null, Optional.of("{\"_class_name\": \"DDIMScheduler\"}")));
        assertEquals(30, steps("ddim", null, Optional.of("{\"num_train_timesteps\": 30}")), "no more than the schedule has");
        String none = assertThrows(IllegalArgumentException.class, () -> steps("own", null, Optional.empty())).getMessage();
        assertTrue(none.contains("--sampler own") && none.contains("scheduler_config.json"), none);
        Optional<String> pndm = Optional.of("{\"_class_name\": \"PNDMScheduler\"}");
        assertEquals(5, steps("ddim", 5, pndm));
        String message = assertThrows(IllegalArgumentException.class, () -> steps("own", 5, pndm)).getMessage();
        assertTrue(message.contains("scheduler_config.json") && message.contains("PNDMScheduler") && message.contains("DDIMScheduler"), message);
    }

    @Test
    void anAdaptiveSamplerTakesNoNumberOfSteps() {
        assertEquals(UNKNOWN, steps("rk45", null, Optional.empty()));
        assertEquals(UNKNOWN, steps("rk45:rtol=1e-3,atol=1e-3", null, Optional.of("{\"_class_name\": \"EDMEulerScheduler\"}")));
        String message = assertThrows(IllegalArgumentException.class, () -> steps("rk45", 50, Optional.empty())).getMessage();
        assertTrue(message.contains("rk45") && message.contains("got 50"), message);
    }

    private static int steps(String sampler, Integer steps, Optional<String> scheduler) {
        ChainOptions options = ChainOptions.quick();
        options.name = sampler;
        options.steps = steps;
        try (Device device = Backends.choose("cpu").open(new Settings(1, 0, Settings.Precision.F32));
                var planned = options.sampler(device, new DiffusionModel(Weights.initial(model(0), 0), scheduler, ClassLabels.NONE), 1)) {
            return planned.steps().orElse(UNKNOWN);
        }
    }
}
