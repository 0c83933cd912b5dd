package sirocco.check;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The command line of another process of this program. */
final class ThisProgram {
    private ThisProgram() { }

    /**
     * Returns this virtual machine's own command line with other arguments: its flags, its class path, and the properties of Sirocco that are set now.
     *
     * @param properties to set beside them
     */
    static List<String> command(Map<String, String> properties, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(a -> !a.startsWith("-agentlib:jdwp") && !a.startsWith("-javaagent:"))
                .forEach(command::add);
        System.getProperties().stringPropertyNames().stream().filter(p -> p.startsWith("sirocco.")).sorted()
                .forEach(p -> command.add("-D" + p + "=" + System.getProperty(p)));
        properties.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "sirocco.cli.Main"));
        command.addAll(arguments);
        return command;
    }
}
