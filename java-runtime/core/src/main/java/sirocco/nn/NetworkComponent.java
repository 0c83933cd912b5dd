package sirocco.nn;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import sirocco.folder.Component;
import sirocco.folder.ComponentFolder;

/**
 * A class of networks that model folders can hold: it reads a configuration. Weights are read and written by {@link Weights#read} and {@link Weights#write} for
 * every class alike, since a network states names, shapes and kinds of its parameters.
 */
public interface NetworkComponent extends Component {
    /** Returns the configurations that have a name. */
    Map<String, ? extends NetworkConfig> presets();

    /**
     * Reads a configuration.
     *
     * @param size size of the images if it is not the configuration's
     * @throws IOException if the file cannot be read or is not JSON
     * @throws IllegalArgumentException naming file, key, value and what is supported, if a value requests what is not
     */
    NetworkConfig readConfig(ComponentFolder folder, Optional<ImageSize> size) throws IOException;
}
