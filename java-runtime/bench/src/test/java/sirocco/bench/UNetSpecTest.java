package sirocco.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class UNetSpecTest {
    @Test
    void theSmallModelHasTheParametersThatItsSpeedsWereReportedFor() {
        assertEquals(1_624_323, UNetSpec.SMALL.parameterCount());
    }

    @Test
    void theLargeModelIsThePapers() {
        assertEquals(35_746_307, UNetSpec.CIFAR10.parameterCount());
        assertEquals(328, UNetSpec.CIFAR10.parameters().size());
        // Input channels of the up resnets as diffusers' file of google/ddpm-cifar10-32 has them.
        assertArrayEquals(new long[] {256, 384, 3, 3}, UNetSpec.CIFAR10.parameters().get("up_blocks.2.resnets.2.conv1.weight"));
        assertArrayEquals(new long[] {128, 256, 1, 1}, UNetSpec.CIFAR10.parameters().get("up_blocks.3.resnets.2.conv_shortcut.weight"));
    }

    @Test
    void weightsFitTheShapesAndAreTheSameForASeed() {
        var weights = UNetSpec.SMALL.weights(3);
        assertEquals(UNetSpec.SMALL.parameterCount(), weights.values().stream().mapToLong(w -> w.length).sum());
        assertArrayEquals(weights.get("conv_in.weight"), UNetSpec.SMALL.weights(3).get("conv_in.weight"));
    }
}
