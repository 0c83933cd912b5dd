package sirocco.cli;

import java.util.function.IntConsumer;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.nn.ImageSize;
import sirocco.nn.Network;
import sirocco.nn.Weights;
import sirocco.sample.Denoiser;
import sirocco.sample.SampleBench;
import sirocco.sample.SamplePlan;
import sirocco.train.TrainBench;
import sirocco.train.TrainPlan;

/** What can be timed. */
enum Workload {
    FORWARD, TRAIN, SAMPLE,
    /** A pass over batch MiB of numbers, which memory bounds. */
    COPY,
    /** A matrix product of batch rows by 4096 by 4096. */
    PRODUCT;

    /** What is done with it. */
    @FunctionalInterface
    interface Use {
        /** @param steps does so many */
        void of(Executable executable, IntConsumer steps);
    }

    /** Plans it, allocating nothing. */
    Plan plan(Device device, Network model, int batch) {
        ImageSize size = model.config().size();
        return switch (this) {
            case TRAIN -> TrainPlan.of(device, model, batch);
            case SAMPLE -> SamplePlan.of(device, model, batch, 1, false);
            case FORWARD -> {
                try (Denoiser denoiser = new Denoiser(device, model, batch, size.height(), size.width())) {
                    yield denoiser.plan();
                }
            }
            case COPY -> device.plan(Peaks.copy(batch));
            case PRODUCT -> device.plan(Peaks.product(batch));
        };
    }

    /**
     * Loads it, with the same data every time, for as long as it is used.
     *
     * @param weights of the model, which cost seconds to draw at random
     */
    void with(Device device, Network model, Weights weights, int batch, Use use) {
        switch (this) {
            case TRAIN -> {
                try (TrainBench bench = new TrainBench(device, model, weights, batch)) {
                    use.of(bench.executable(), repeat(bench::step));
                }
            }
            case SAMPLE -> {
                try (SampleBench bench = new SampleBench(device, model, weights, batch)) {
                    use.of(bench.executable(), bench::steps);
                }
            }
            case FORWARD -> {
                ImageSize size = model.config().size();
                try (Denoiser denoiser = new Denoiser(device, model, batch, size.height(), size.width()).load(weights)) {
                    use.of(denoiser.executable(), repeat(denoiser.executable()::run));
                }
            }
            case COPY, PRODUCT -> {
                try (Executable e = device.load(device.plan(this == COPY ? Peaks.copy(batch) : Peaks.product(batch)))) {
                    use.of(e, repeat(e::run));
                }
            }
        }
    }

    private static IntConsumer repeat(Runnable step) {
        return n -> {
            for (int i = 0; i < n; i++) {
                step.run();
            }
        };
    }
}
