package sirocco.bench.torch;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import sirocco.bench.UNetSpec;
import sirocco.bench.torch.Torch.Format;

/** The U-Net of a {@link UNetSpec} in LibTorch's functions, its parameters under diffusers' names. */
final class TorchUNet {
    private static final long[] ONE = {1, 1};
    private static final long[] TWO = {2, 2};
    private static final long[] NONE = {0, 0};
    /** Right and bottom by one pixel: what diffusers does before a downsampling convolution. */
    private static final long[] RIGHT_BOTTOM = {0, 1, 0, 1};

    /** A layer's weight and bias, the bias (and a norm's weight) also wrapped as the functions want it. */
    private record Layer(Tensor weight, TensorOptional weightOptional, TensorOptional bias) {}

    private final UNetSpec spec;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Layer> layers = new LinkedHashMap<>();
    private final Tensor frequencies;

    /**
     * @param weights by diffusers' name, in PyTorch's layouts
     * @param trained whether gradients of the parameters will be asked for
     */
    TorchUNet(UNetSpec spec, Format format, Map<String, float[]> weights, boolean trained) {
        this.spec = spec;
        spec.parameters().forEach((name, shape) -> {
            float[] values = weights.get(name);
            if (values == null) {
                throw new IllegalArgumentException("torch U-Net: no weights named \"" + name + "\"; there are " + weights.keySet());
            }
            Tensor t = shape.length == 4 ? Torch.picture(values, format, shape) : Torch.tensor(values, shape);
            parameters.put(name, trained ? t.set_requires_grad(true) : t);
        });
        parameters.forEach((name, weight) -> {
            if (name.endsWith(".weight")) {
                String layer = name.substring(0, name.length() - ".weight".length());
                TensorOptional bias = new TensorOptional(parameters.get(layer + ".bias"));
                layers.put(layer, new Layer(weight, new TensorOptional(weight), bias));
            }
        });
        int half = spec.base() / 2;
        float[] f = new float[half];
        for (int i = 0; i < half; i++) {
            f[i] = (float) Math.exp(-Math.log(10_000) * i / (half - 1));
        }
        frequencies = Torch.tensor(f, 1, half);
    }

    /** By diffusers' name, in the order of {@link UNetSpec#parameters()}. */
    Map<String, Tensor> parameters() {
        return parameters;
    }

    /** x [n,c,h,w], t [n] of any number type → ε̂ [n,c,h,w]. */
    Tensor forward(Tensor x, Tensor t) {
        Tensor emb = torch.silu(timeEmbedding(t));
        Tensor h = conv("conv_in", x, ONE, ONE);
        Deque<Tensor> skips = new ArrayDeque<>();
        skips.push(h);
        for (int level = 0; level < spec.levels(); level++) {
            String block = "down_blocks." + level;
            for (int j = 0; j < spec.blocks(); j++) {
                h = resnet(block + ".resnets." + j, h, emb);
                h = attentionAt(level, block + ".attentions." + j, h);
                skips.push(h);
            }
            if (level < spec.levels() - 1) {
                h = conv(block + ".downsamplers.0.conv", torch.constant_pad_nd(h, RIGHT_BOTTOM), TWO, NONE);
                skips.push(h);
            }
        }
        h = resnet("mid_block.resnets.0", h, emb);
        h = attention("mid_block.attentions.0", h);
        h = resnet("mid_block.resnets.1", h, emb);
        for (int up = 0; up < spec.levels(); up++) {
            int level = spec.levels() - 1 - up;
            String block = "up_blocks." + up;
            for (int j = 0; j <= spec.blocks(); j++) {
                h = resnet(block + ".resnets." + j, torch.cat(new TensorVector(h, skips.pop()), 1), emb);
                h = attentionAt(level, block + ".attentions." + j, h);
            }
            if (level > 0) {
                long[] twice = {2 * h.size(2), 2 * h.size(3)};
                h = conv(block + ".upsamplers.0.conv", torch.upsample_nearest2d(h, twice), ONE, ONE);
            }
        }
        return conv("conv_out", torch.silu(norm("conv_norm_out", h)), ONE, ONE);
    }

    /** sin then cos of t·10000^(−i/(half−1)), then linear, SiLU, linear. */
    private Tensor timeEmbedding(Tensor t) {
        Tensor angles = t.to(torch.ScalarType.Float).unsqueeze(1).mul(frequencies);
        Tensor sinusoid = torch.cat(new TensorVector(angles.sin(), angles.cos()), 1);
        return linear("time_embedding.linear_2", torch.silu(linear("time_embedding.linear_1", sinusoid)));
    }

    /** skip(x) + conv2(silu(norm2(conv1(silu(norm1(x))) + proj(silu(emb))))); {@code emb} comes with its SiLU already applied. */
    private Tensor resnet(String name, Tensor x, Tensor emb) {
        Tensor h = conv(name + ".conv1", torch.silu(norm(name + ".norm1", x)), ONE, ONE);
        Tensor shift = linear(name + ".time_emb_proj", emb);
        h = h.add(shift.view(shift.size(0), shift.size(1), 1, 1));
        h = conv(name + ".conv2", torch.silu(norm(name + ".norm2", h)), ONE, ONE);
        Tensor skip = layers.containsKey(name + ".conv_shortcut") ? conv(name + ".conv_shortcut", x, ONE, NONE) : x;
        return skip.add(h);
    }

    private Tensor attentionAt(int level, String name, Tensor x) {
        return spec.attention().contains(level) ? attention(name, x) : x;
    }

    /** x + out(attention(norm(x))), one head over all pixels. */
    private Tensor attention(String name, Tensor x) {
        long n = x.size(0);
        long c = x.size(1);
        long height = x.size(2);
        long width = x.size(3);
        Tensor tokens = norm(name + ".group_norm", x).view(n, c, height * width).transpose(1, 2);
        Tensor q = linear(name + ".to_q", tokens).unsqueeze(1);
        Tensor k = linear(name + ".to_k", tokens).unsqueeze(1);
        Tensor v = linear(name + ".to_v", tokens).unsqueeze(1);
        Tensor o = torch.scaled_dot_product_attention(q, k, v, new TensorOptional(), 0, false, new DoubleOptional(), false);
        Tensor out = linear(name + ".to_out.0", o.view(n, height * width, c));
        return x.add(out.transpose(1, 2).reshape(n, c, height, width));
    }

    private Tensor conv(String name, Tensor x, long[] stride, long[] padding) {
        Layer layer = layers.get(name);
        return torch.conv2d(x, layer.weight(), layer.bias(), stride, padding, ONE, 1);
    }

    private Tensor linear(String name, Tensor x) {
        Layer layer = layers.get(name);
        return torch.linear(x, layer.weight(), layer.bias());
    }

    private Tensor norm(String name, Tensor x) {
        Layer layer = layers.get(name);
        return torch.group_norm(x, spec.groups(), layer.weightOptional(), layer.bias(), spec.eps(), false);
    }
}
