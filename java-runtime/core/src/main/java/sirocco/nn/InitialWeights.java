package sirocco.nn;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.function.BiConsumer;
import sirocco.api.Philox;
import sirocco.api.Shape;

/**
 * Weights to start training from, as Ho et al. 2020 do: convolutions and linear layers uniform in ±√(3·scale / mean of fan-in and
 * fan-out), scale 1, or 1e-10 for a residual block's second convolution, an attention's output and the last convolution; biases 0; norms
 * scale 1 and shift 0. Class embeddings, which the paper has not, are standard normal, as in PyTorch.
 *
 * <p>A parameter depends on nothing but {@code seed}, its name and its shape: it is drawn from {@link Philox} stream WEIGHTS at the
 * 64-bit FNV-1a hash of its name.
 */
final class InitialWeights extends Weights {
    /** Ho et al. 2020 ask for scale 0 where a residual branch ends, and get this. */
    private static final double NEARLY_ZERO = 1e-10;

    private final long seed;

    InitialWeights(NetworkConfig config, long seed) {
        super(config);
        this.seed = seed;
    }

    @Override
    public void read(Collection<String> names, BiConsumer<String, float[]> use) {
        for (String name : names) {
            float[] array = new float[parameter(name).length()];
            fill(parameter(name), seed, array);
            use.accept(name, array);
        }
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
