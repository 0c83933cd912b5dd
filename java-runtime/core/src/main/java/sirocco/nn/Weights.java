package sirocco.nn;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.ParameterSet;
import sirocco.api.Philox;
import sirocco.api.Shape;
import sirocco.folder.ComponentFolder;
import sirocco.folder.ModelFolder;
import sirocco.folder.WeightFiles;
import sirocco.io.AtomicFiles;

/** A network's weights in host memory: for each parameter, by diffusers' key, its elements in the logical order of {@link Shape}. */
public final class Weights {
    /** Ho et al. 2020 ask for scale 0 where a residual branch ends, and get this. */
    private static final double NEARLY_ZERO = 1e-10;

    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private final NetworkConfig config;
    private final Map<String, Shape> shapes = new LinkedHashMap<>();
    private final Map<String, float[]> arrays = new LinkedHashMap<>();

    /** All zeros. @throws IllegalArgumentException if they do not fit into the heap, or one of them into an array */
    public Weights(NetworkConfig config) {
        this.config = config;
        Network model = config.network();
        long bytes = Float.BYTES * model.parameterCount();
        if (bytes > Runtime.getRuntime().maxMemory()) {
            throw new IllegalArgumentException(("model configuration: %,d parameters take %,d MiB, the heap has at most %,d MiB; make the model "
                    + "smaller or the heap larger (-Xmx)").formatted(model.parameterCount(), bytes >> 20, Runtime.getRuntime().maxMemory() >> 20));
        }
        for (Parameter p : model.parameters()) {
            if (p.shape().elements() > MAX_ARRAY) {
                throw new IllegalArgumentException("model configuration: " + p.name() + " " + p.shape() + " has " + p.shape().elements()
                        + " elements, an array holds at most " + MAX_ARRAY + "; make the model narrower");
            }
            shapes.put(p.name(), p.shape());
            arrays.put(p.name(), new float[(int) p.shape().elements()]);
        }
    }

    /**
     * Weights to start training from, as Ho et al. 2020 do: convolutions and linear layers uniform in ±√(3·scale / mean of fan-in and
     * fan-out), scale 1, or 1e-10 for a residual block's second convolution, an attention's output and the last convolution; biases 0; norms
     * scale 1 and shift 0. Class embeddings, which the paper has not, are standard normal, as in PyTorch.
     *
     * <p>A parameter depends on nothing but {@code seed}, its name and its shape: it is drawn from {@link Philox} stream WEIGHTS at the
     * 64-bit FNV-1a hash of its name.
     */
    public static Weights initial(NetworkConfig config, long seed) {
        Weights weights = new Weights(config);
        config.network().parameters().parallelStream().forEach(p -> fill(p, seed, weights.arrays.get(p.name())));
        return weights;
    }

    public NetworkConfig config() {
        return config;
    }

    /**
     * Reads the weights of a component.
     *
     * @param config the component's configuration
     * @throws IOException if a file is missing or malformed, or its tensors are not the configuration's: all that are missing, not expected, or of another
     *     shape are named at once
     * @throws NonFiniteException if a weight is NaN or infinite
     */
    public static Weights read(ComponentFolder component, NetworkConfig config) throws IOException {
        return WeightsFile.read(component, config);
    }

    /**
     * Writes configuration and weights into a folder that exists.
     *
     * @throws NonFiniteException if a weight is NaN or infinite; nothing is written then
     */
    public void write(Path folder) throws IOException {
        requireFinite();
        AtomicFiles.writeText(folder.resolve(ModelFolder.CONFIG), config.toJson());
        WeightsFile.write(folder.resolve(WeightFiles.SINGLE), this);
    }

    /** In the order of the model, input first. */
    public Set<String> names() {
        return Collections.unmodifiableSet(arrays.keySet());
    }

    public Shape shape(String name) {
        return known(shapes, name);
    }

    /** The array itself, not a copy. */
    public float[] get(String name) {
        return known(arrays, name);
    }

    /** How many numbers in all. */
    public long count() {
        return arrays.values().stream().mapToLong(a -> a.length).sum();
    }

    /** @throws NonFiniteException naming the first parameter that holds NaN or an infinity, how many, and where the first is */
    public void requireFinite() {
        arrays.forEach((name, array) -> requireFinite("weights", name, array));
    }

    static void requireFinite(String where, String name, float[] array) {
        int bad = 0;
        int first = -1;
        for (int i = 0; i < array.length; i++) {
            if (!Float.isFinite(array[i])) {
                first = bad++ == 0 ? i : first;
            }
        }
        if (bad > 0) {
            throw new NonFiniteException(where + ": \"" + name + "\" has " + bad + " of " + array.length + " elements that are not finite (element "
                    + first + " is " + array[first] + "); a training run that diverged leaves such: go back to an earlier checkpoint");
        }
    }

    /** Sets a graph's parameters. The graph may use some of the weights only; it may not have parameters that are not here. */
    public void writeTo(Executable executable) {
        executable.plan().graph().parameters().forEach(v -> executable.write(v, get(v.name())));
    }

    /** Sets the parameters of a set, by their names in it. The set may use some of the weights only; it may not have parameters that are not here. */
    public void writeTo(Executable executable, ParameterSet set) {
        set.byName().forEach((name, v) -> executable.write(v, get(name)));
    }

    /** Sets the graph's persistent value {@code prefix + name} for each weight: {@code "ema."} for an optimizer's moving average. */
    public void writeTo(Executable executable, String prefix) {
        Graph graph = executable.plan().graph();
        arrays.forEach((name, array) -> executable.write(graph.find(prefix + name), array));
    }

    /** Fetches the graph's persistent value {@code prefix + name} for each weight: {@code ""} for the parameters themselves. */
    public void readFrom(Executable executable, String prefix) {
        Graph graph = executable.plan().graph();
        arrays.forEach((name, array) -> executable.read(graph.find(prefix + name), array));
    }

    private static <T> T known(Map<String, T> map, String name) {
        T found = map.get(name);
        if (found == null) {
            throw new NoSuchElementException("weights: no parameter \"" + name + "\" in this model, which has " + map.size() + ", from "
                    + map.keySet().stream().limit(3).toList() + " on");
        }
        return found;
    }

    private static void fill(Parameter p, long seed, float[] out) {
        switch (p.init()) {
            case ZERO -> { }
            case ONE -> Arrays.fill(out, 1);
            case NORMAL -> {
                long hash = hash(p.name());
                Philox.normals(seed, (int) hash, (int) (hash >>> 32), Philox.WEIGHTS, out, 0, out.length);
            }
            case FAN_AVERAGE -> uniform(p, seed, 1, out);
            case NEARLY_ZERO -> uniform(p, seed, NEARLY_ZERO, out);
        }
    }

    private static void uniform(Parameter p, long seed, double scale, float[] out) {
        Shape s = p.shape();
        double fanAverage = (double) s.h() * s.w() * ((double) s.c() + s.n()) / 2;
        double limit = Math.sqrt(3 * scale / fanAverage);
        int[] words = new int[out.length];
        long hash = hash(p.name());
        Philox.words(seed, (int) hash, (int) (hash >>> 32), Philox.WEIGHTS, words, 0, words.length);
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) ((2.0 * Philox.uniform(words[i]) - 1) * limit);
        }
    }

    private static long hash(String name) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        return hash;
    }
}
