package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.folder.ClassLabels;
import sirocco.model.UNetConfig;
import sirocco.model.Weights;
import sirocco.pipeline.DiffusionModel;

class ChainOptionsTest {
    private static UNetConfig model(int classRows) {
        return UNetConfig.builder().size(8).blockOutChannels(8).normNumGroups(4).layersPerBlock(1).numClassEmbeds(classRows).build();
    }

    private static ChainOptions ofClass(String imageClass) {
        ChainOptions options = ChainOptions.quick();
        options.imageClass = imageClass;
        return options;
    }

    private static int[] first(int n, IntUnaryOperator labels) {
        return IntStream.range(0, n).map(labels).toArray();
    }

    @Test
    void allClassesTakeTurnsAndTheNullClassIsLeftOut() {
        assertArrayEquals(new int[] {0, 1, 2, 0, 1}, first(5, ofClass("all").labels(model(4))));
        assertArrayEquals(new int[] {0, 0}, first(2, ofClass("all").labels(model(1))));
        assertArrayEquals(new int[] {0, 0}, first(2, ofClass("all").labels(model(0))), "an unconditional model is not asked");
    }

    @Test
    void oneClassIsEveryImages() {
        assertArrayEquals(new int[] {2, 2, 2}, first(3, ofClass("2").labels(model(4))));
        assertArrayEquals(new int[] {3}, first(1, ofClass("3").labels(model(4))), "the null class by its number");
    }

    @Test
    void aClassThatTheModelDoesNotHaveIsRefused() {
        for (String wrong : new String[] {"4", "-1", "cat", "1.5", ""}) {
            String message = assertThrows(IllegalArgumentException.class, () -> ofClass(wrong).labels(model(4)), wrong).getMessage();
            assertTrue(message.startsWith("--class " + wrong), message);
        }
        assertThrows(IllegalArgumentException.class, () -> ofClass("0").labels(model(0)));
    }

    @Test
    void aSamplerTakesItsUsualStepsOrTheModelsOwnWay() {
        assertEquals(20, steps("dpm++2m", null, Optional.empty()));
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

    private static int steps(String sampler, Integer steps, Optional<String> scheduler) {
        ChainOptions options = ChainOptions.quick();
        options.name = sampler;
        options.steps = steps;
        try (Device device = Backends.choose("cpu").open(new Settings(1, 0, Settings.Precision.F32));
                var planned = options.sampler(device, new DiffusionModel(Weights.initial(model(0), 0), scheduler, ClassLabels.NONE), 1)) {
            return planned.steps();
        }
    }
}
