package sirocco.nn;

import java.util.OptionalInt;

/**
 * The configuration of a network, as a model folder keeps it in {@code config.json}. It names its class and constructs the network. An instance is valid.
 */
public interface NetworkConfig {
    /** Returns the name of the network's class, the {@code _class_name} of {@link #toJson}; diffusers' name if it has the class. */
    String className();

    /** Returns the network. */
    Network network();

    /** Returns the text of a {@code config.json}. */
    String toJson();

    /** Returns the size of the images that the network is made for. */
    ImageSize size();

    /** Returns the channels of a noisy image, without those of a condition that the network joins to it. */
    int inChannels();

    /** Returns the channels of the output; for a classifier, the number of classes. */
    int outChannels();

    /** Returns whether the network classifies noisy images instead of denoising them: its output is [n,1,1,classes], logits. */
    default boolean classifies() {
        return false;
    }

    /** Returns the rows of the class table; empty if the network is not conditioned on a class. */
    OptionalInt numClassEmbeds();

    /** Returns the classes that the network knows: the rows of its class table, or the classes that a classifier distinguishes; empty if none. */
    default OptionalInt classes() {
        return classifies() ? OptionalInt.of(outChannels()) : numClassEmbeds();
    }

    /**
     * Returns how many times larger an image is than its low-resolution partner, each way; empty if the network is not conditioned on a partner
     * ({@link LowResCondition}).
     */
    default OptionalInt lowResFactor() {
        return OptionalInt.empty();
    }

    /**
     * Returns this configuration with another factor of {@link #lowResFactor}.
     *
     * @param factor at least 2, a divisor of height and width; empty for no partner
     * @throws IllegalArgumentException if the factor is not possible, or the class of networks has no such setting
     */
    default NetworkConfig withLowResFactor(OptionalInt factor) {
        if (factor.isEmpty()) {
            return this;
        }
        throw new IllegalArgumentException("low-resolution partner: a " + className() + " receives none (expected a network that denoises). Leave the condition out, or "
                + "choose another network.");
    }

    /** Returns what a model folder calls the component. */
    default String component() {
        return classifies() ? "classifier" : "unet";
    }

    /**
     * Checks whether the network can be applied to images of a size.
     *
     * @throws IllegalArgumentException naming the size and those that are possible
     */
    void checkSize(int height, int width);

    /**
     * Returns this configuration with another number of output channels.
     *
     * @throws IllegalArgumentException if the class of networks has no such setting
     */
    default NetworkConfig withOutChannels(int channels) {
        throw new IllegalArgumentException("output channels: a " + className() + " has no other number of outputs (expected " + outChannels() + ", got " + channels
                + "). Choose another network.");
    }

    /**
     * Returns this configuration for other images.
     *
     * @param size size of the images
     * @param channels channels of the images
     * @param classes classes of the dataset; 0 to ignore them
     * @param nullClass whether the network also knows a null class, if it is conditioned on a class
     * @throws IllegalArgumentException if the network cannot be made for such images
     */
    NetworkConfig fitted(ImageSize size, int channels, int classes, boolean nullClass);
}
