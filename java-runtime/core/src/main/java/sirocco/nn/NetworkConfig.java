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

    /** Returns the channels of an input image. */
    int inChannels();

    /** Returns the channels of the output; the number of classes of a classifier. */
    int outChannels();

    /** Returns the rows of the class table; empty if the network is not conditioned on a class. */
    OptionalInt numClassEmbeds();

    /**
     * Checks whether the network can be applied to images of a size.
     *
     * @throws IllegalArgumentException naming the size and those that are possible
     */
    void checkSize(int height, int width);

    /**
     * Returns this configuration for other images.
     *
     * @param size size of the images
     * @param channels channels of the images
     * @param classRows rows of the class table, the null class among them; 0 for a network that is not conditioned on a class
     * @throws IllegalArgumentException if the network cannot be made for such images
     */
    NetworkConfig fitted(ImageSize size, int channels, int classRows);
}
