package sirocco.model;

/** The configuration of a network, as a model folder keeps it in {@code config.json}. It names its class and constructs the network. */
public interface NetworkConfig {
    /** Returns diffusers' name of the network's class, the {@code _class_name} of {@link #toJson}. */
    String className();

    /** Returns the network. */
    Network network();

    /** Returns the text of a {@code config.json} that diffusers reads. */
    String toJson();
}
