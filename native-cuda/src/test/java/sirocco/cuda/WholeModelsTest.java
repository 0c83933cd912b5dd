package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.sample.SamplePlan;
import sirocco.train.TrainPlan;

/** Plans of models as large as users have them: running one takes the emulated driver too long, but what a step asks of the driver shows when it is loaded. */
class WholeModelsTest {
    private static final int BATCH = 4;
    private static final int STEPS = 10;

    /** Every launch of every step is bound and captured. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void theCifar10ModelCanBeLoaded(Precision precision) {
        UNet model = new UNet(UNetConfig.cifar10());
        try (CudaDevice device = Emulated.device(precision)) {
            device.load(TrainPlan.of(device, model, BATCH)).close();
            device.load(SamplePlan.of(device, model, BATCH, STEPS, false)).close();
        }
    }

    /** With guidance the network sees twice as many images as are drawn. */
    @Test
    void aBatchThatWouldFitIsNamedInImagesThatAreDrawn() {
        UNet model = new UNet(UNetConfig.small().toBuilder().numClassEmbeds(11).build());
        try (CudaDevice device = Emulated.device()) {
            Plan plan = SamplePlan.of(device, model, 64, STEPS, true);
            long free = plan.totalBytes() / 2 + OutOfMemory.RESERVE;
            String message = assertThrows(IllegalArgumentException.class, () -> OutOfMemory.check("test", plan, free, free)).getMessage();
            int fits = Integer.parseInt(message.replaceAll("(?s).*a batch of (\\d+) instead of 64 would fit.*", "$1"));
            assertTrue(SamplePlan.of(device, model, fits, STEPS, true).totalBytes() + OutOfMemory.RESERVE <= free, message);
        }
    }
}
