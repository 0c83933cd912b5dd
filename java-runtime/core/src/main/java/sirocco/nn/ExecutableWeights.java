package sirocco.nn;

import java.util.Collection;
import java.util.function.BiConsumer;
import sirocco.api.Executable;

/** Weights in an executable's persistent values {@code prefix + name}. */
final class ExecutableWeights extends Weights {
    private final Executable executable;
    private final String prefix;

    ExecutableWeights(Executable executable, String prefix, NetworkConfig config) {
        super(config);
        this.executable = executable;
        this.prefix = prefix;
    }

    @Override
    public void read(Collection<String> names, BiConsumer<String, float[]> use) {
        for (String name : names) {
            float[] array = new float[parameter(name).length()];
            executable.read(executable.plan().graph().find(prefix + name), array);
            use.accept(name, array);
        }
    }
}
