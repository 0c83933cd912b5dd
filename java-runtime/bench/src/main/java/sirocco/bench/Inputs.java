package sirocco.bench;

import java.util.Arrays;
import java.util.Random;
import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Parameter;
import sirocco.nn.WeightArrays;
import sirocco.nn.Weights;

/** Inputs to measure with, and their way between PyTorch's dense orders and those of Sirocco's kernels. */
public final class Inputs {
    private Inputs() {}

    /** Standard normal numbers. */
    static float[] normal(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** {@link #normal} times {@code scale}. */
    static float[] normal(long seed, int count, double scale) {
        float[] values = normal(seed, count);
        for (int i = 0; i < count; i++) {
            values[i] *= (float) scale;
        }
        return values;
    }

    /**
     * Weights to measure with: matrices uniform of variance 1/fan-in, biases and the norms' shifts small, the norms' scales around 1, so that no part
     * of the network hides an error in another one by being zero.
     */
    public static Weights weights(NetworkConfig config, long seed) {
        Random random = new Random(seed);
        Weights weights = new WeightArrays(config);
        for (Parameter p : config.network().parameters()) {
            boolean vector = p.kind() == Parameter.Kind.VECTOR;
            boolean scale = vector && p.name().endsWith(".weight");
            float bound = vector ? 0.1f : (float) Math.sqrt(3.0 / p.shape().imageElements());
            float[] values = weights.get(p.name());
            for (int i = 0; i < values.length; i++) {
                values[i] = (scale ? 1 : 0) + bound * (2 * random.nextFloat() - 1);
            }
        }
        return weights;
    }

    static byte[] bytes(long seed, int count) {
        byte[] values = new byte[count];
        new Random(seed).nextBytes(values);
        return values;
    }

    /** Zeros that begin on a cache line, as values do in a plan's memory. */
    static Slice zeros(long floats) {
        return new Slice(new float[Math.toIntExact(Alignment.FIRST + floats)], Alignment.FIRST);
    }

    /** A copy that begins on a cache line. */
    static Slice aligned(float[] values) {
        Slice copy = zeros(values.length);
        System.arraycopy(values, 0, copy.array(), copy.offset(), values.length);
        return copy;
    }

    /** Dense NCHW → the layout, on a cache line, halo and fill zero. */
    static Slice toLayout(float[] nchw, Layout l) {
        return aligned(arranged(nchw, l));
    }

    /** The layout → dense NCHW. */
    static float[] fromLayout(Slice values, Layout l) {
        return fromLayout(dense(values), l);
    }

    /** The values of {@link #zeros} or {@link #aligned}. */
    static float[] dense(Slice values) {
        return Arrays.copyOfRange(values.array(), values.offset(), values.array().length);
    }

    private static float[] arranged(float[] nchw, Layout l) {
        float[] values = new float[Math.toIntExact(l.floats())];
        int from = 0;
        for (int n = 0; n < l.n(); n++) {
            for (int c = 0; c < l.c(); c++) {
                for (int y = 0; y < l.h(); y++) {
                    for (int x = 0; x < l.w(); x++) {
                        values[l.index(n, y, x, c)] = nchw[from++];
                    }
                }
            }
        }
        return values;
    }

    /** The layout → dense NCHW. */
    static float[] fromLayout(float[] values, Layout l) {
        float[] nchw = new float[l.n() * l.c() * l.h() * l.w()];
        int to = 0;
        for (int n = 0; n < l.n(); n++) {
            for (int c = 0; c < l.c(); c++) {
                for (int y = 0; y < l.h(); y++) {
                    for (int x = 0; x < l.w(); x++) {
                        nchw[to++] = values[l.index(n, y, x, c)];
                    }
                }
            }
        }
        return nchw;
    }

    /** [n,c,h,w] → [n,h,w,c]; of weights, OIHW → [k,r,s,c]. */
    static float[] channelsLast(float[] nchw, int n, int c, int h, int w) {
        return arranged(nchw, Layout.plain(n, h, w, c));
    }

    /** [n,h,w,c] → [n,c,h,w]; of weights, [k,r,s,c] → OIHW. */
    static float[] channelsFirst(float[] nhwc, int n, int c, int h, int w) {
        return fromLayout(nhwc, Layout.plain(n, h, w, c));
    }
}
