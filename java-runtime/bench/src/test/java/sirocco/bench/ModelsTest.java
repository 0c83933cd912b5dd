package sirocco.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;
import sirocco.bench.ort.OnnxRuntime;
import sirocco.bench.torch.Torch;
import sirocco.bench.torch.TorchCheck;
import sirocco.nn.unet.UNetConfig;

/** Both sides of a model's rows compute the same network: here a tiny one, on the scalar double-precision backend. */
class ModelsTest {
    private static final UNetConfig TINY = UNetConfig.builder().size(8).blockOutChannels(8, 16).layersPerBlock(1).attentionAt(1).normNumGroups(4).build();

    private final Models models = new Models("reference", 1, true);

    private static void needsLibTorch() {
        assumeTrue(Torch.unavailable().isEmpty(), () -> Torch.unavailable().orElseThrow());
        assumeTrue(TorchCheck.problem().isEmpty(), () -> TorchCheck.problem().orElseThrow());
    }

    @Test
    void forward() {
        needsLibTorch();
        assertAgree(models.forward("tiny", TINY, 2), 2e-6, "NCHW", "channels_last", OnnxRuntime.NAME);
    }

    @Test
    void forwardWithoutLibTorch() {
        assertAgree(new Models("reference", 1, false).forward("tiny", TINY, 3), 2e-6, OnnxRuntime.NAME);
    }

    @Test
    void trainingStep() {
        needsLibTorch();
        assertAgree(models.training("tiny", TINY, 2), 1e-5, "NCHW", "channels_last");
    }

    @Test
    void trainingGoesOnFromStepToStep() {
        try (Work work = models.training("tiny", TINY, 2).ours().get()) {
            float[][] first = work.results();
            work.run();
            work.run();
            float[][] again = work.results();
            assertEquals(first[0][0], again[0][0]);
            assertArrayEquals(first[1], again[1]);
        }
    }

    /** @param bound what float32 leaves of a network as small as this one */
    private static void assertAgree(Row row, double bound, String... peers) {
        assertEquals(Set.of(peers), row.peers().keySet());
        try (Work ours = row.ours().get()) {
            float[][] results = ours.results();
            row.peers().forEach((format, peer) -> {
                try (Work theirs = peer.get()) {
                    double error = row.check().error().of(results, theirs.results());
                    assertTrue(error <= bound, format + ": error " + error);
                }
            });
        }
    }
}
