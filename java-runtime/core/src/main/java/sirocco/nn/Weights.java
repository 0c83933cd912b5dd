package sirocco.nn;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.ParameterSet;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.folder.ComponentFolder;
import sirocco.folder.ModelFolder;
import sirocco.folder.WeightFiles;
import sirocco.io.AtomicFiles;

/**
 * A network's weights, by diffusers' keys: in a file, in an executable, drawn when they are asked for, or in arrays ({@link WeightArrays}). They are read one
 * parameter at a time, so that a network on its way from one place to another is never in memory a second time.
 */
public abstract sealed class Weights permits WeightArrays, InitialWeights, FileWeights, ExecutableWeights, MixedWeights {
    private final NetworkConfig config;
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();

    Weights(NetworkConfig config) {
        this.config = config;
        config.network().parameters().forEach(p -> parameters.put(p.name(), p));
    }

    public final NetworkConfig config() {
        return config;
    }

    /**
     * Reads parameters.
     *
     * @param names of parameters of the network
     * @param use receives each name, in the order given, and the parameter's elements in the logical order of {@link Shape}. It must not change the array
     * @throws NoSuchElementException if there is no such parameter
     * @throws NonFiniteException if a weight from a file is NaN or infinite
     */
    public abstract void read(Collection<String> names, BiConsumer<String, float[]> use);

    /** Returns a parameter's elements in the logical order of {@link Shape}; see {@link #read}. */
    public float[] get(String name) {
        float[][] found = new float[1][];
        read(List.of(name), (_, array) -> found[0] = array);
        return found[0];
    }

    /** Returns weights to start training from, see {@link InitialWeights}. */
    public static Weights initial(NetworkConfig config, long seed) {
        return new InitialWeights(config, seed);
    }

    /**
     * Returns the weights in the files of a component. All of them are checked now, and read again when they are asked for.
     *
     * @param config the component's configuration
     * @throws IOException if a file is missing or malformed, or its tensors are not the configuration's: all that are missing, not expected, or of another
     *     shape are named at once
     * @throws NonFiniteException if a weight is NaN or infinite
     */
    public static Weights in(ComponentFolder component, NetworkConfig config) throws IOException {
        return FileWeights.open(component, config);
    }

    /**
     * Returns the weights that an executable holds now, and at any later time when they are read.
     *
     * @param prefix of the names of the persistent values: {@code ""} for the parameters, {@code "ema."} for an optimizer's moving average
     */
    public static Weights in(Executable executable, String prefix, NetworkConfig config) {
        return new ExecutableWeights(executable, prefix, config);
    }

    /**
     * Writes configuration and weights into a folder that exists.
     *
     * @throws NonFiniteException if a weight is NaN or infinite; nothing is written then
     */
    public final void write(Path folder) throws IOException {
        requireFinite();
        AtomicFiles.writeText(folder.resolve(ModelFolder.CONFIG), config.toJson());
        FileWeights.write(folder.resolve(WeightFiles.SINGLE), this);
    }

    /**
     * Returns these weights with some parameters of another network of the same shapes.
     *
     * @param names of the parameters that come from {@code other}
     */
    public final Weights with(Set<String> names, Weights other) {
        return new MixedWeights(this, names, other);
    }

    /** Returns the names of the parameters in the order of the model, input first. */
    public final Set<String> names() {
        return Collections.unmodifiableSet(parameters.keySet());
    }

    /** Returns the shape of a parameter. @throws NoSuchElementException if there is none */
    public final Shape shape(String name) {
        return parameter(name).shape();
    }

    /** Returns the number of weights. */
    public final long count() {
        return parameters.values().stream().mapToLong(p -> p.shape().elements()).sum();
    }

    /** @throws NoSuchElementException if there is none */
    final Parameter parameter(String name) {
        Parameter p = parameters.get(name);
        if (p == null) {
            throw new NoSuchElementException("weights: no parameter \"" + name + "\" in this model, which has " + parameters.size() + ", from "
                    + parameters.keySet().stream().limit(3).toList() + " on");
        }
        return p;
    }

    /** @throws NonFiniteException naming the first parameter that has NaN or an infinity, how many, and where the first is */
    public final void requireFinite() {
        read(names(), (name, array) -> NonFiniteException.check("weights", name, array));
    }

    /** Sets a graph's parameters. The graph may use some of the weights only; it may not have parameters that are not here. */
    public final void writeTo(Executable executable) {
        writeTo(executable, executable.plan().graph().parameters().stream().collect(Collectors.toMap(Value::name, v -> v)));
    }

    /** Sets the parameters of a set, by their names in it. The set may use some of the weights only; it may not have parameters that are not here. */
    public final void writeTo(Executable executable, ParameterSet set) {
        writeTo(executable, set.byName());
    }

    /** Sets the graph's persistent values {@code prefix + name} of each of several prefixes for each weight. */
    public final void writeTo(Executable executable, List<String> prefixes) {
        Graph graph = executable.plan().graph();
        read(names(), (name, array) -> prefixes.forEach(prefix -> executable.write(graph.find(prefix + name), array)));
    }

    private void writeTo(Executable executable, Map<String, Value> values) {
        read(values.keySet(), (name, array) -> executable.write(values.get(name), array));
    }
}
