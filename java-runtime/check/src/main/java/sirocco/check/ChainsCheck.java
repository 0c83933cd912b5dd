package sirocco.check;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Value;
import sirocco.data.Column;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.sample.SampleBench;
import sirocco.train.TrainBench;

/**
 * Many steps that the device makes without the host in between, against the same steps one by one: to the same bits, whether a loop of the device's
 * own repeats them, or whether the next batch is on its way while the last step is at work.
 */
final class ChainsCheck {
    private final UNetConfig config;
    private final int batch;
    private final int steps;

    /** @param steps 1 or more */
    ChainsCheck(UNetConfig config, int batch, int steps) {
        this.config = config;
        this.batch = batch;
        this.steps = steps;
    }

    @Override
    public String toString() {
        return steps + " steps, " + config.height() + "² pixels, channels " + config.blockOutChannels() + ", batch " + batch;
    }

    /** A sampler's chain: {@link Executable#repeat}, all at once and in parts, against as many {@link Executable#run}. */
    Deviations sampling(Device device, Runnable alive) {
        Deviations found = new Deviations();
        Map<String, int[]> start = sampled(device, _ -> { });
        alive.run();
        Map<String, int[]> single = sampled(device, e -> {
            for (int i = 0; i < steps; i++) {
                e.run();
                e.await();
                alive.run();
            }
        });
        Map<String, int[]> once = sampled(device, e -> e.repeat(steps));
        alive.run();
        int first = steps / 2;
        Map<String, int[]> parts = sampled(device, e -> {
            e.repeat(first);
            e.repeat(steps - first);
        });
        same(found, "repeat(" + steps + ")", once, steps + " × run()", single);
        same(found, "repeat(" + first + ") and repeat(" + (steps - first) + ")", parts, steps + " × run()", single);
        expectCursor(found, single.get("cursor")[0]);
        if (Arrays.equals(single.get("x"), start.get("x"))) {
            found.add(Double.POSITIVE_INFINITY, "x: " + steps + " × run() have left it as it was");
        }
        finite(found, "x", single.get("x"));
        return found;
    }

    private void expectCursor(Deviations found, int cursor) {
        if (cursor != steps) {
            found.add(Double.POSITIVE_INFINITY, "cursor: " + steps + " × run() have brought it to " + cursor + ", expected " + steps);
        }
    }

    private Map<String, int[]> sampled(Device device, Consumer<Executable> walk) {
        try (SampleBench bench = new SampleBench(device, new UNet(config), batch)) {
            walk.accept(bench.executable());
            return bits(bench.executable(), Value.Role.STATE);
        }
    }

    /** Training, with a new batch for each step: all steps asked for at once, against a wait after each. */
    Deviations training(Device device, Runnable alive) {
        Deviations found = new Deviations();
        Map<String, int[]> waiting = trained(device, e -> {
            e.await();
            alive.run();
        });
        Map<String, int[]> flowing = trained(device, _ -> { });
        same(found, "uploads that overlap with steps", flowing, "a wait after each step", waiting);
        waiting.forEach((name, bits) -> {
            if (!name.equals("failed")) {
                finite(found, name, bits);
            }
        });
        return found;
    }

    private Map<String, int[]> trained(Device device, Consumer<Executable> afterEach) {
        try (TrainBench bench = new TrainBench(device, new UNet(config), batch)) {
            Batches batches = new Batches(bench.executable());
            for (int i = 0; i < steps; i++) {
                batches.next();
                bench.step();
                afterEach.accept(bench.executable());
            }
            return bits(bench.executable(), Value.Role.STATE, Value.Role.PARAMETER);
        }
    }

    /** Random images for each training step, the same on every device. */
    static final class Batches {
        private final SplittableRandom random = new SplittableRandom(3);
        private final Executable executable;
        private final Value images;
        /** One for all: what is written is the caller's again at once. */
        private final byte[] pixels;

        Batches(Executable executable) {
            this.executable = executable;
            images = executable.plan().graph().find(Column.IMAGE);
            pixels = new byte[Math.toIntExact(images.shape().elements())];
        }

        void next() {
            random.nextBytes(pixels);
            executable.write(images, pixels);
        }
    }

    // ---- bits ------------------------------------------------------------------------------------------------------------------

    private static Map<String, int[]> bits(Executable e, Value.Role... roles) {
        Graph graph = e.plan().graph();
        Map<String, int[]> all = new LinkedHashMap<>();
        for (Value.Role role : roles) {
            for (Value v : graph.withRole(role)) {
                int[] bits = new int[Math.toIntExact(v.shape().elements())];
                if (v.dtype() == DType.F32) {
                    float[] floats = new float[bits.length];
                    e.read(v, floats);
                    Arrays.setAll(bits, i -> Float.floatToIntBits(floats[i]));
                } else {
                    e.read(v, bits);
                }
                all.put(v.name(), bits);
            }
        }
        return all;
    }

    private static void same(Deviations found, String way, Map<String, int[]> bits, String other, Map<String, int[]> expected) {
        expected.forEach((name, e) -> {
            int at = Arrays.mismatch(bits.get(name), e);
            if (at >= 0) {
                found.add(Double.POSITIVE_INFINITY, String.format("%s: %s gave other bits than %s, first at element %d: %08x, was %08x", name, way, other, at,
                        bits.get(name)[at], e[at]));
            }
        });
    }

    private static void finite(Deviations found, String name, int[] bits) {
        for (int i = 0; i < bits.length; i++) {
            if (!Float.isFinite(Float.intBitsToFloat(bits[i]))) {
                found.add(Double.POSITIVE_INFINITY, name + ": element " + i + " is " + Float.intBitsToFloat(bits[i]));
                return;
            }
        }
    }
}
