package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sirocco.api.Settings.Precision;
import sirocco.data.Dataset;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.testkit.Tolerance;
import sirocco.train.DataPlace;
import sirocco.train.Metrics;
import sirocco.train.TrainConfig;
import sirocco.train.TrainListener;
import sirocco.train.TrainSetup;
import sirocco.train.Trainer;

/** A training run on the device: where its data lies, and when the host waits. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrainingTest {
    private static final int SIDE = 4;

    /** 5×4×4×3 bytes: not a multiple of anything, so that parts of a dataset end anywhere. */
    private static final Dataset DATA = new Dataset() {
        @Override public String name() {
            return "noise";
        }

        @Override public long size() {
            return 5;
        }

        @Override public int height() {
            return SIDE;
        }

        @Override public int width() {
            return SIDE;
        }

        @Override public int channels() {
            return 3;
        }

        @Override public List<String> classNames() {
            return List.of("even", "odd");
        }

        @Override public int read(long index, byte[] into, int offset) {
            byte[] image = new byte[imageBytes()];
            new SplittableRandom(index).nextBytes(image);
            System.arraycopy(image, 0, into, offset, image.length);
            return (int) index % 2;
        }
    };

    private CudaDevice device;

    @TempDir
    Path folder;

    @BeforeAll
    void open() {
        device = Emulated.device();
    }

    @AfterAll
    void close() {
        if (device != null) {
            device.close();
        }
    }

    private static TrainSetup setup(int logEvery, int microBatch) {
        TrainConfig config = TrainConfig.DEFAULT.withData(d -> d.withBatch(3).withMicroBatch(microBatch).withFlip(true))
                .withRun(r -> r.withSteps(6).withSaveEvery(0).withLogEvery(logEvery));
        UNetConfig model = UNetConfig.builder().size(SIDE).blockOutChannels(8, 8).layersPerBlock(1).normNumGroups(4).numClassEmbeds(3).build();
        return new TrainSetup(config, DATA, new UNet(model),
                new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, config.process().timesteps()), Prediction.EPSILON));
    }

    private byte[] train(DataPlace place, String run) throws IOException {
        return train(device, place, run);
    }

    private byte[] train(CudaDevice device, DataPlace place, String run) throws IOException {
        return train(device, place, 0, run);
    }

    private byte[] train(CudaDevice device, DataPlace place, int microBatch, String run) throws IOException {
        try (Trainer trainer = new Trainer(setup(3, microBatch), device, place)) {
            assertEquals(place != DataPlace.HOST, trainer.dataOnDevice());
            trainer.start();
            trainer.train(folder.resolve(run), new TrainListener() { }, () -> false);
        }
        assertEquals(2, new Metrics(folder.resolve(run)).read().size());
        return Files.readAllBytes(folder.resolve(run).resolve("checkpoints/step-00000006/trainer.safetensors"));
    }

    /** With streams that work when they please, too: a batch on its way comes neither too early nor too late. */
    @Test
    void aDatasetThatFitsLiesOnTheDeviceAndGivesTheSameBits() throws IOException {
        byte[] expected = train(DataPlace.HOST, "host");
        assertArrayEquals(expected, train(DataPlace.AUTO, "auto"));
        lately(() -> {
            assertArrayEquals(expected, train(DataPlace.HOST, "late-host"));
            assertArrayEquals(expected, train(DataPlace.DEVICE, "late-device"));
        });
    }

    /** Two phases, each a graph of its own: the first is replayed for each micro-batch, whose images, labels and noise the host writes in between. */
    @Test
    void microBatchesTrainAsTheWholeBatchDoes() throws IOException {
        byte[] expected = train(device, DataPlace.HOST, 1, "micro-host");
        lately(() -> {
            assertArrayEquals(expected, train(device, DataPlace.HOST, 1, "micro-late-host"));
            assertArrayEquals(expected, train(device, DataPlace.DEVICE, 1, "micro-late-device"));
        });
        train(DataPlace.HOST, "whole");
        double whole = new Metrics(folder.resolve("whole")).read().getFirst().loss();
        assertEquals(whole, new Metrics(folder.resolve("micro-host")).read().getFirst().loss(), Tolerance.network().relative() * whole);
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"F32", "BF16"})
    void kernelsThatOverlapTrainToTheSameBits(Precision precision) throws IOException {
        try (CudaDevice plain = Emulated.device(precision); CudaDevice overlapping = Emulated.overlapping(() -> Emulated.device(precision))) {
            long before = Emulated.calls("cuLaunchKernelEx");
            byte[] expected = train(plain, DataPlace.DEVICE, "plain-" + precision);
            assertEquals(before, Emulated.calls("cuLaunchKernelEx"));
            assertArrayEquals(expected, train(overlapping, DataPlace.DEVICE, "overlapping-" + precision));
            assertNotEquals(before, Emulated.calls("cuLaunchKernelEx"));
        }
    }

    private interface Body {
        void run() throws IOException;
    }

    private void lately(Body body) throws IOException {
        device.use();
        Emulated.late(true);
        try {
            body.run();
        } finally {
            device.use();
            Emulated.late(false);
        }
    }

    @Test
    void theHostWaitsOnlyToLookAtLosses() throws IOException {
        lately(() -> {
            theHostWaitsOnlyToLookAtLosses(DataPlace.HOST);
            theHostWaitsOnlyToLookAtLosses(DataPlace.DEVICE);
        });
    }

    private void theHostWaitsOnlyToLookAtLosses(DataPlace place) throws IOException {
        List<Long> looks = new ArrayList<>();
        try (Trainer trainer = new Trainer(setup(2, 0), device, place)) {
            trainer.start();
            trainer.train(folder.resolve("waits-" + place), new TrainListener() {
                private long waits = -1;
                private long looked;

                @Override
                public void loss(long step, float loss) {
                    looked = step;
                    looks.add(step);
                }

                @Override
                public void step(long step) {
                    long now = Emulated.waits();
                    assertTrue(waits == -1 || looked == step || now == waits, "the host waited in step " + step);
                    assertFalse(looked == step && now == waits, "a loss cannot be had without waiting");
                    waits = now;
                }
            }, () -> false);
        }
        // Others may be looked at too, where a step takes seconds.
        assertTrue(looks.containsAll(List.of(2L, 4L, 6L)), looks.toString());
    }
}
