package sirocco.pipeline;

import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.VarianceHead;
import sirocco.nn.NetworkConfig;

/** The output channels of a network that denoises: as many as the image has, or twice as many if it also predicts a variance ({@link VarianceHead}). */
public final class OutputChannels {
    private OutputChannels() { }

    /**
     * Returns a network's configuration with the output channels that a process needs.
     *
     * @throws IllegalArgumentException if the class of networks has no such setting
     */
    public static NetworkConfig fitted(NetworkConfig config, ForwardProcess process) {
        int channels = expected(config, process);
        return config.classifies() || config.outChannels() == channels ? config : config.withOutChannels(channels);
    }

    /**
     * Checks that a network predicts what a scheduler's configuration says.
     *
     * @param where the configuration, for the message
     * @throws IllegalArgumentException if it does not
     */
    public static void check(String where, NetworkConfig config, ForwardProcess process) {
        int expected = expected(config, process);
        if (!config.classifies() && config.outChannels() != expected) {
            String type = process.varianceHead().map(VarianceHead::text).orElse("fixed");
            throw new IllegalArgumentException(where + ": variance_type is " + type + ", which the network's out_channels do not fit (expected " + expected
                    + (process.varianceHead().isPresent() ? ", a prediction and a variance" : ", a prediction") + " for each of " + config.inChannels()
                    + " channels, got " + config.outChannels() + "). Correct variance_type, or use the network that belongs to it.");
        }
    }

    private static int expected(NetworkConfig config, ForwardProcess process) {
        return process.varianceHead().isPresent() ? 2 * config.inChannels() : config.inChannels();
    }
}
