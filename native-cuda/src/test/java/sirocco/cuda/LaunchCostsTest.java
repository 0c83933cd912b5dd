package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** That each way launches what it says, once. */
class LaunchCostsTest {
    @Test
    void eachCallIsOneLaunch() {
        Emulated.backend();
        try (LaunchCosts costs = new LaunchCosts()) {
            assertTrue(costs.device().contains("emulated"));
            calls("cuLaunchKernel", costs::kernelByJCuda);
            calls("cuLaunchKernel", costs::kernelByForeign);
            calls("cuLaunchKernelEx", costs::kernelWithAttributeByForeign);
            calls("cuGraphLaunch", costs::graphByJCuda);
            calls("cuGraphLaunch", costs::graphByForeign);
            costs.await();
        }
    }

    private static void calls(String expected, Runnable launch) {
        List<String> all = List.of("cuLaunchKernel", "cuLaunchKernelEx", "cuGraphLaunch");
        long[] before = all.stream().mapToLong(Emulated::calls).toArray();
        launch.run();
        for (int i = 0; i < before.length; i++) {
            assertEquals(all.get(i).equals(expected) ? 1 : 0, Emulated.calls(all.get(i)) - before[i], all.get(i));
        }
    }
}
