package sirocco.folder;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a component's files are.
 *
 * @param name what the model folder calls the component, such as {@code unet}
 * @param config its configuration file; its other files are in the same folder
 * @param className diffusers' name of its class
 * @param variant the variant of the weights that was requested, such as {@code fp16}
 */
public record ComponentFolder(String name, Path config, String className, Optional<String> variant) {
    /** Returns the folder with the component's files. */
    public Path path() {
        return config.resolveSibling("");
    }
}
