package sirocco.check;

import java.util.SplittableRandom;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.testkit.Tolerance;
import sirocco.train.TrainBench;

/**
 * Training on a device, loss by loss against the CPU's. Training amplifies roundings, so how far two correct backends part is measured
 * on the CPU itself: a second run starts from parameters that are off by one rounding of the device's precision. The device may part from the first
 * run {@value #FACTOR} times as far as the second one does at worst, since it rounds in every layer and not only at the start.
 */
final class TrainingCheck {
    static final int FACTOR = 8;

    private final UNetConfig config;
    private final int batch;
    private final int steps;

    TrainingCheck(UNetConfig config, int batch, int steps) {
        this.config = config;
        this.batch = batch;
        this.steps = steps;
    }

    @Override
    public String toString() {
        return steps + " training steps, " + config.height() + "² pixels, channels " + config.blockOutChannels() + ", batch " + batch;
    }

    /** @param alive called after each step, of the CPU's also: all together take long */
    Deviations run(Device device, Settings.Precision precision, Runnable alive) {
        double unit = Tolerance.unit(precision);
        double[] cpu;
        double[] moved;
        try (Device reference = Backends.choose("cpu").open(Settings.DEFAULT)) {
            cpu = losses(reference, 0, alive);
            moved = losses(reference, unit, alive);
        }
        double[] ours = losses(device, 0, alive);
        // A loss is a mean, so its own rounding counts too.
        double parted = 0;
        for (int i = 0; i < steps; i++) {
            parted = Math.max(parted, Math.abs(moved[i] - cpu[i]) / cpu[i]);
        }
        double allowed = FACTOR * (parted + unit);
        Deviations found = new Deviations();
        for (int i = 0; i < steps; i++) {
            found.add("loss of step " + (i + 1) + " is " + ours[i] + ", the CPU's " + cpu[i] + ": the relative difference",
                    Math.abs(ours[i] - cpu[i]) / cpu[i], allowed);
        }
        return found;
    }

    private double[] losses(Device device, double perturbation, Runnable alive) {
        double[] losses = new double[steps];
        try (TrainBench bench = new TrainBench(device, new UNet(config), batch)) {
            Weights weights = WeightArrays.copyOf(Weights.initial(config, 1));
            SplittableRandom random = new SplittableRandom(2);
            for (String name : weights.names()) {
                float[] w = weights.get(name);
                for (int i = 0; i < w.length; i++) {
                    w[i] *= (float) (1 + perturbation * random.nextDouble(-1, 1));
                }
            }
            bench.start(weights);
            ChainsCheck.Batches batches = new ChainsCheck.Batches(bench.executable());
            for (int i = 0; i < steps; i++) {
                batches.next();
                bench.step();
                losses[i] = bench.loss();
                alive.run();
            }
        }
        return losses;
    }
}
