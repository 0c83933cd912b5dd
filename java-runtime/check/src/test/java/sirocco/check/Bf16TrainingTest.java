package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.api.Settings.Precision;
import sirocco.nn.unet.UNetConfig;

/** Training in bf16 on the emulated GPU: losses stay finite and as near to the CPU's in float32 as roundings let them. */
class Bf16TrainingTest {
    private static final String DRIVER_PROPERTY = "sirocco.cuda.driver";
    private static final int STEPS = 50;

    /** The CIFAR-10 model with a sixteenth of its channels and pixels and half of its layers: the same levels, attention, dropout and kinds of ops. */
    @Test
    void followsTheCpusLosses() {
        assumeTrue(Files.isRegularFile(Path.of(System.getProperty(DRIVER_PROPERTY, ""))), "the emulated CUDA driver has not been built: it needs g++ and make");
        UNetConfig config = UNetConfig.builder().size(8).layersPerBlock(1).blockOutChannels(8, 16, 16, 16).attentionAt(1).normNumGroups(4).dropout(0.1).build();
        try (Device device = Backends.choose("cuda").open(new Settings(0, 0, Precision.BF16))) {
            Deviations found = new TrainingCheck(config, 2, STEPS).run(device, Precision.BF16, () -> { });
            assertEquals(List.of(), found.violations());
        }
    }
}
