package sirocco.nn;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Weights in arrays, which may be changed. */
public final class WeightArrays extends Weights {
    private final Map<String, float[]> arrays = new LinkedHashMap<>();

    /** All zeros. @throws IllegalArgumentException if they do not fit into the heap, or one of them into an array */
    public WeightArrays(NetworkConfig config) {
        super(config);
        long bytes = Float.BYTES * count();
        if (bytes > Runtime.getRuntime().maxMemory()) {
            throw new IllegalArgumentException(("model configuration: %,d parameters take %,d MiB, the heap has at most %,d MiB; make the model "
                    + "smaller or the heap larger (-Xmx)").formatted(count(), bytes >> 20, Runtime.getRuntime().maxMemory() >> 20));
        }
        names().forEach(name -> arrays.put(name, new float[parameter(name).length()]));
    }

    /** Copies weights. */
    public static WeightArrays copyOf(Weights weights) {
        WeightArrays copy = new WeightArrays(weights.config());
        weights.read(weights.names(), (name, array) -> System.arraycopy(array, 0, copy.get(name), 0, array.length));
        return copy;
    }

    /** Returns a parameter's array itself, not a copy. */
    @Override
    public float[] get(String name) {
        return arrays.get(parameter(name).name());
    }

    @Override
    public void read(Collection<String> names, BiConsumer<String, float[]> use) {
        names.forEach(name -> use.accept(name, get(name)));
    }
}
