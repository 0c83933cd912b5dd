package sirocco.bench;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * The U-Net of Ho et al. (2020) as diffusers' {@code UNet2DModel} configures it, as far as the benchmarks vary it: enough to write it down
 * in another library, parameter by parameter under diffusers' names.
 *
 * @param size height and width of the pictures
 * @param channels of the pictures
 * @param base channels of the first level
 * @param multipliers channels of each level over {@code base}
 * @param blocks residual blocks a level on the way down; one more on the way up
 * @param attention levels (0 the widest picture) with self-attention after each block; the middle always has one
 * @param groups of the group norms
 * @param eps of the group norms
 */
public record UNetSpec(
        int size, int channels, int base, List<Integer> multipliers, int blocks, Set<Integer> attention, int groups, double eps) {
    /** 1,624,323 parameters: 32·(1,2,2) on 16×16 pictures, attention at 8×8 and in the middle. */
    public static final UNetSpec SMALL = new UNetSpec(16, 3, 32, List.of(1, 2, 2), 2, Set.of(1), 8, 1e-6);

    /** 35,746,307 parameters: the paper's CIFAR-10 model, attention at 16×16 and in the middle. */
    public static final UNetSpec CIFAR10 = new UNetSpec(32, 3, 128, List.of(1, 2, 2, 2), 2, Set.of(1), 32, 1e-6);

    public UNetSpec {
        multipliers = List.copyOf(multipliers);
        attention = Set.copyOf(attention);
    }

    public int levels() {
        return multipliers.size();
    }

    /** Channels of a level. */
    public int width(int level) {
        return base * multipliers.get(level);
    }

    /** Numbers of a picture. */
    public int imageElements() {
        return channels * size * size;
    }

    /** Width of the time embedding. */
    public int embedding() {
        return 4 * base;
    }

    /** Every parameter's shape in PyTorch's order (OIHW, [out,in], [c]) under diffusers' name, in the order of the forward pass. */
    public Map<String, long[]> parameters() {
        Map<String, long[]> p = new LinkedHashMap<>();
        conv(p, "conv_in", channels, base, 3);
        linear(p, "time_embedding.linear_1", base, embedding());
        linear(p, "time_embedding.linear_2", embedding(), embedding());
        Deque<Integer> skips = new ArrayDeque<>(List.of(base));
        int c = base;
        for (int level = 0; level < levels(); level++) {
            String block = "down_blocks." + level;
            for (int j = 0; j < blocks; j++) {
                resnet(p, block + ".resnets." + j, c, width(level));
                c = width(level);
                attention(p, block + ".attentions." + j, level, c);
                skips.push(c);
            }
            if (level < levels() - 1) {
                conv(p, block + ".downsamplers.0.conv", c, c, 3);
                skips.push(c);
            }
        }
        resnet(p, "mid_block.resnets.0", c, c);
        attention(p, "mid_block.attentions.0", c);
        resnet(p, "mid_block.resnets.1", c, c);
        for (int up = 0; up < levels(); up++) {
            int level = levels() - 1 - up;
            String block = "up_blocks." + up;
            for (int j = 0; j <= blocks; j++) {
                resnet(p, block + ".resnets." + j, c + skips.pop(), width(level));
                c = width(level);
                attention(p, block + ".attentions." + j, level, c);
            }
            if (level > 0) {
                conv(p, block + ".upsamplers.0.conv", c, c, 3);
            }
        }
        norm(p, "conv_norm_out", c);
        conv(p, "conv_out", c, channels, 3);
        return p;
    }

    /** How many numbers the parameters are. */
    public long parameterCount() {
        long count = 0;
        for (long[] shape : parameters().values()) {
            count += elements(shape);
        }
        return count;
    }

    /**
     * Weights to measure with: uniform of variance 1/fan-in, biases and the norms' shifts small, the norms' scales around 1, so that no part
     * of the network hides an error in another one by being zero.
     */
    public Map<String, float[]> weights(long seed) {
        Random random = new Random(seed);
        Map<String, float[]> weights = new LinkedHashMap<>();
        parameters().forEach((name, shape) -> {
            float[] values = new float[elements(shape)];
            boolean matrix = shape.length > 1;
            boolean scale = !matrix && name.endsWith(".weight");
            float bound = matrix ? (float) Math.sqrt(3.0 * shape[0] / values.length) : 0.1f;
            for (int i = 0; i < values.length; i++) {
                values[i] = (scale ? 1 : 0) + bound * (2 * random.nextFloat() - 1);
            }
            weights.put(name, values);
        });
        return weights;
    }

    private static int elements(long[] shape) {
        long n = 1;
        for (long extent : shape) {
            n *= extent;
        }
        return Math.toIntExact(n);
    }

    private void resnet(Map<String, long[]> p, String name, int in, int out) {
        norm(p, name + ".norm1", in);
        conv(p, name + ".conv1", in, out, 3);
        linear(p, name + ".time_emb_proj", embedding(), out);
        norm(p, name + ".norm2", out);
        conv(p, name + ".conv2", out, out, 3);
        if (in != out) {
            conv(p, name + ".conv_shortcut", in, out, 1);
        }
    }

    private void attention(Map<String, long[]> p, String name, int level, int c) {
        if (attention.contains(level)) {
            attention(p, name, c);
        }
    }

    private static void attention(Map<String, long[]> p, String name, int c) {
        norm(p, name + ".group_norm", c);
        for (String part : List.of("to_q", "to_k", "to_v", "to_out.0")) {
            linear(p, name + "." + part, c, c);
        }
    }

    private static void conv(Map<String, long[]> p, String name, int in, int out, int kernel) {
        p.put(name + ".weight", new long[] {out, in, kernel, kernel});
        p.put(name + ".bias", new long[] {out});
    }

    private static void linear(Map<String, long[]> p, String name, int in, int out) {
        p.put(name + ".weight", new long[] {out, in});
        p.put(name + ".bias", new long[] {out});
    }

    private static void norm(Map<String, long[]> p, String name, int c) {
        p.put(name + ".weight", new long[] {c});
        p.put(name + ".bias", new long[] {c});
    }
}
