package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.nn.unet.UNetConfig;

/** Training by TornadoVM's task graphs, loss by loss against the CPU backend's. Each kernel is compiled, so the model is small; attention is in its middle. */
class TornadoTrainingTest {
    private static final int STEPS = 20;

    @Test
    void followsTheCpusLosses() {
        Optional<Backends.Found> tornado = Backends.all().stream().filter(f -> f.backend().name().equals("tornado")).findFirst();
        assumeTrue(tornado.isPresent(), "the TornadoVM backend is not in this build; set TORNADOVM_HOME, or build with -Ptornado");
        assumeTrue(tornado.get().availability().available(), () -> "tornado " + tornado.get().availability());
        UNetConfig config = UNetConfig.builder().size(8).layersPerBlock(1).blockOutChannels(8, 16).normNumGroups(4).build();
        try (Device device = tornado.get().backend().open(Settings.DEFAULT)) {
            assertEquals(List.of(), new TrainingCheck(config, 2, STEPS).run(device, Settings.Precision.F32, () -> { }).violations());
        }
    }
}
