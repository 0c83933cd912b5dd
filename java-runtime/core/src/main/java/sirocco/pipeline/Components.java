package sirocco.pipeline;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sirocco.diffusion.SchedulerConfig;
import sirocco.folder.Component;
import sirocco.folder.ComponentFolder;
import sirocco.folder.ModelFolder;
import sirocco.model.NetworkComponent;
import sirocco.model.NetworkConfig;
import sirocco.model.UNetComponent;

/** The classes of components that are supported. Each class has one entry. */
public final class Components {
    private static final Map<String, Component> ALL = Stream.concat(Stream.of(new UNetComponent()),
            SchedulerConfig.classes().stream().map(SchedulerComponent::new)).collect(Collectors.toUnmodifiableMap(Component::className, c -> c));

    private Components() { }

    /**
     * Returns the class of a network.
     *
     * @param type what its configuration has to be
     * @throws IllegalArgumentException if the class is not supported, or is none of {@code type}; the message lists those that are
     */
    static <C extends NetworkConfig> NetworkComponent<C> network(ComponentFolder component, Class<C> type) {
        Component found = ALL.get(component.className());
        if (found instanceof NetworkComponent<?> network && network.type() == type) {
            @SuppressWarnings("unchecked")
            NetworkComponent<C> typed = (NetworkComponent<C>) network;
            return typed;
        }
        List<String> supported = ALL.values().stream().filter(c -> c instanceof NetworkComponent<?> n && n.type() == type).map(Component::className).sorted().toList();
        throw unsupported(component.config() + ": component " + component.name(), component.className(), supported);
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
