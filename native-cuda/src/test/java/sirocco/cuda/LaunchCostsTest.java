package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** That each way launches what it says, once. */
class LaunchCostsTest {
    @Test
    void eachCallIsOneLaunch() {
        Emulated.backend();
        try (LaunchCosts costs = new LaunchCosts()) {
            assertTrue(costs.device().contains("emulated"));
            counts(costs::kernelByJCuda, 1, 0);
            counts(costs::kernelByForeign, 1, 0);
            counts(costs::graphByJCuda, 0, 1);
            counts(costs::graphByForeign, 0, 1);
            costs.await();
        }
    }

    private static void counts(Runnable launch, int kernels, int graphs) {
        long kernelsBefore = Emulated.calls("cuLaunchKernel");
        long graphsBefore = Emulated.calls("cuGraphLaunch");
        launch.run();
        assertEquals(kernels, Emulated.calls("cuLaunchKernel") - kernelsBefore);
        assertEquals(graphs, Emulated.calls("cuGraphLaunch") - graphsBefore);
    }
}
