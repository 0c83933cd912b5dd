package sirocco.pipeline;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sirocco.diffusion.SchedulerConfig;
import sirocco.folder.Component;
import sirocco.folder.ComponentFolder;
import sirocco.folder.ModelFolder;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkComponent;
import sirocco.nn.NetworkConfig;
import sirocco.nn.classifier.NoisyClassifierComponent;
import sirocco.nn.unet.UNetComponent;

/** The classes of components that are supported. Each class has one entry. */
public final class Components {
    private static final Map<String, Component> ALL = Stream.concat(Stream.of(new UNetComponent(), new NoisyClassifierComponent()),
            SchedulerConfig.classes().stream().map(SchedulerComponent::new)).collect(Collectors.toUnmodifiableMap(Component::className, c -> c));

    private Components() { }

    /**
     * Returns the class of a network.
     *
     * @throws IllegalArgumentException if the class is not supported; the message lists those that are
     */
    static NetworkComponent network(ComponentFolder component) {
        return networks().filter(n -> n.className().equals(component.className())).findFirst().orElseThrow(() -> unsupported(
                component.config() + ": component " + component.name(), component.className(), networks().map(Component::className).sorted().toList()));
    }

    /**
     * Reads the configuration of a network, which names its class.
     *
     * @param file a {@code config.json}
     * @param size size of the images if it is not the configuration's
     * @throws IOException if the file cannot be read or is not JSON
     * @throws IllegalArgumentException if the class is not supported, or the configuration requests what is not
     */
    public static NetworkConfig readNetwork(Path file, Optional<ImageSize> size) throws IOException {
        ComponentFolder component = new ComponentFolder("network", file, ModelFolder.className(file), Optional.empty());
        return network(component).readConfig(component, size);
    }

    /**
     * Returns the network configuration of a name.
     *
     * @throws IllegalArgumentException if there is none; the message lists those there are
     */
    public static NetworkConfig preset(String name) {
        Map<String, NetworkConfig> presets = new TreeMap<>();
        networks().forEach(n -> presets.putAll(n.presets()));
        NetworkConfig preset = presets.get(name);
        if (preset == null) {
            throw new IllegalArgumentException("model preset \"" + name + "\": not known; there are " + presets.keySet());
        }
        return preset;
    }

    private static Stream<NetworkComponent> networks() {
        return ALL.values().stream().filter(NetworkComponent.class::isInstance).map(NetworkComponent.class::cast);
    }

    /**
     * Refuses components without which the network's output is not an image, such as a VAE.
     *
     * @throws IllegalArgumentException naming the first; the message lists the classes that are supported
     */
    static void refuseOthers(ModelFolder folder) {
        folder.others().forEach((name, className) -> {
            throw unsupported(folder.path().resolve(ModelFolder.INDEX) + ": component " + name, className, ALL.keySet().stream().sorted().toList());
        });
    }

    private static IllegalArgumentException unsupported(String where, String className, List<String> supported) {
        return new IllegalArgumentException(where + ": class " + className + " is not supported (expected one of " + String.join(", ", supported)
                + "). Choose another model.");
    }
}
