package sirocco.bench.torch;

import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import sirocco.bench.ConvShape;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;

/**
 * LibTorch's side of the kernel rows. Each op is called at the level below autograd, as its engine would call it, so that nothing but the
 * kernel and its dispatch is timed.
 */
public final class TorchOps {
    private static final long[] ONE = {1, 1};

    private TorchOps() {}

    /** x [n,cin,h,w] * weight [cout,cin,k,k] + bias → y [n,cout,h,w]. */
    public static Work convForward(ConvShape s, Format format, float[] x, float[] weight, float[] bias) {
        return TorchWork.inference(() -> {
            Tensor xt = picture(s, format, x, s.cin());
            Tensor wt = weight(s, format, weight);
            TensorOptional bt = new TensorOptional(Torch.tensor(bias, s.cout()));
            long[] padding = {s.kernel() / 2, s.kernel() / 2};
            return () -> new Tensor[] {torch.conv2d(xt, wt, bt, ONE, padding, ONE, 1)};
        });
    }

    /** dy [n,cout,h,w], weight → dx [n,cin,h,w]. */
    public static Work convBackwardData(ConvShape s, Format format, float[] dy, float[] weight) {
        return convBackward(s, format, dy, new float[s.inputs()], weight, true);
    }

    /** dy [n,cout,h,w], x [n,cin,h,w] → dweight [cout,cin,k,k], dbias [cout]. */
    public static Work convBackwardWeights(ConvShape s, Format format, float[] dy, float[] x) {
        return convBackward(s, format, dy, x, new float[s.weights()], false);
    }

    private static Work convBackward(ConvShape s, Format format, float[] dy, float[] x, float[] weight, boolean data) {
        return TorchWork.inference(() -> {
            Tensor dyt = picture(s, format, dy, s.cout());
            Tensor xt = picture(s, format, x, s.cin());
            Tensor wt = weight(s, format, weight);
            BoolPointer wanted = new BoolPointer(3).put(0, data).put(1, !data).put(2, !data);
            long[] padding = {s.kernel() / 2, s.kernel() / 2};
            long[] none = {0, 0};
            long[] biasSizes = {s.cout()};
            return () -> {
                T_TensorTensorTensor_T d =
                        torch.convolution_backward(dyt, xt, wt, biasSizes, ONE, padding, ONE, false, none, 1, wanted);
                return data ? new Tensor[] {d.get0()} : new Tensor[] {d.get1(), d.get2()};
            };
        });
    }

    /** The same as {@link #convForward} of a 1×1 convolution, of tokens: x [n·h·w,cin], weight [cout,cin] → y as [n,cout,h,w]. */
    public static Work linearForward(ConvShape s, float[] x, float[] weight, float[] bias) {
        return TorchWork.inference(() -> {
            Tensor xt = tokens(s, x, s.cin());
            Tensor wt = Torch.tensor(weight, s.cout(), s.cin());
            TensorOptional bt = new TensorOptional(Torch.tensor(bias, s.cout()));
            return () -> new Tensor[] {picture(s, torch.linear(xt, wt, bt), s.cout())};
        });
    }

    /** dy, weight → dx, of tokens. */
    public static Work linearBackwardData(ConvShape s, float[] dy, float[] weight) {
        return TorchWork.inference(() -> {
            Tensor dyt = tokens(s, dy, s.cout());
            Tensor wt = Torch.tensor(weight, s.cout(), s.cin());
            return () -> new Tensor[] {picture(s, torch.mm(dyt, wt), s.cin())};
        });
    }

    /** dy, x → dweight, dbias, of tokens. */
    public static Work linearBackwardWeights(ConvShape s, float[] dy, float[] x) {
        return TorchWork.inference(() -> {
            Tensor dyt = tokens(s, dy, s.cout());
            Tensor xt = tokens(s, x, s.cin());
            return () -> new Tensor[] {torch.mm(dyt.t(), xt), torch.sum(dyt, 0)};
        });
    }

    /** A picture's pixels, [n·h·w,c] dense. */
    private static Tensor tokens(ConvShape s, float[] nchw, int channels) {
        return Torch.tensor(nchw, s.n(), channels, s.size(), s.size()).permute(0, 2, 3, 1).contiguous()
                .view((long) s.n() * s.size() * s.size(), channels);
    }

    /** Tokens seen as a picture; nothing is copied. */
    private static Tensor picture(ConvShape s, Tensor tokens, int channels) {
        return tokens.view(s.n(), s.size(), s.size(), channels).permute(0, 3, 1, 2);
    }

    /** op(a)·op(b): a [batch,m,k] or transposed [batch,k,m], b [batch,k,n] or [batch,n,k] → [batch,m,n]. */
    public static Work product(int batch, int m, int n, int k, boolean transposeA, boolean transposeB, float[] a, float[] b) {
        return TorchWork.inference(() -> {
            Tensor at = transposeA ? Torch.tensor(a, batch, k, m).transpose(1, 2) : Torch.tensor(a, batch, m, k);
            Tensor bt = transposeB ? Torch.tensor(b, batch, n, k).transpose(1, 2) : Torch.tensor(b, batch, k, n);
            return () -> new Tensor[] {torch.bmm(at, bt)};
        });
    }

    /** silu(groupNorm(x)), x [n,c,size,size], gamma and beta [c] → y. */
    public static Work groupNormSilu(
            int n, int c, int size, int groups, double eps, Format format, float[] x, float[] gamma, float[] beta) {
        return TorchWork.inference(() -> {
            Tensor xt = Torch.picture(x, format, n, c, size, size);
            TensorOptional g = new TensorOptional(Torch.tensor(gamma, c));
            TensorOptional b = new TensorOptional(Torch.tensor(beta, c));
            return () -> new Tensor[] {torch.silu_(torch.group_norm(xt, groups, g, b, eps, false))};
        });
    }

    /** The same forward, then backward: x, dy → y, dx, dgamma, dbeta. */
    public static Work groupNormSiluBoth(
            int n, int c, int size, int groups, double eps, Format format, float[] x, float[] gamma, float[] beta, float[] dy) {
        return TorchWork.inference(() -> {
            Tensor xt = Torch.picture(x, format, n, c, size, size);
            Tensor dyt = Torch.picture(dy, format, n, c, size, size);
            TensorOptional g = new TensorOptional(Torch.tensor(gamma, c));
            TensorOptional b = new TensorOptional(Torch.tensor(beta, c));
            BoolPointer all = new BoolPointer(3).put(0, true).put(1, true).put(2, true);
            long pixels = (long) size * size;
            return () -> {
                T_TensorTensorTensor_T f = torch.native_group_norm(xt, g, b, n, c, pixels, groups, eps);
                Tensor y = torch.silu(f.get0());
                Tensor dNorm = torch.silu_backward(dyt, f.get0());
                T_TensorTensorTensor_T d = torch.native_group_norm_backward(
                        dNorm, xt, f.get1(), f.get2(), g, n, c, pixels, groups, all);
                return new Tensor[] {y, d.get0(), d.get1(), d.get2()};
            };
        });
    }

    /** softmax(q·kᵀ/√d)·v; q, k, v [n, tokens, heads·d] → o, the same. */
    public static Work attention(int n, int tokens, int keys, int heads, int d, float[] q, float[] k, float[] v) {
        return TorchWork.inference(() -> {
            Tensor[] t = {heads(n, tokens, heads, d, q), heads(n, keys, heads, d, k), heads(n, keys, heads, d, v)};
            return () -> new Tensor[] {merged(sdpa(t), n, tokens, heads * d)};
        });
    }

    /** The same forward, then backward through autograd: q, k, v, dOut → o, dq, dk, dv. */
    public static Work attentionBoth(int n, int tokens, int keys, int heads, int d, float[] q, float[] k, float[] v, float[] dOut) {
        return TorchWork.autograd(() -> {
            Tensor[] leaves = {
                Torch.tensor(q, n, tokens, (long) heads * d),
                Torch.tensor(k, n, keys, (long) heads * d),
                Torch.tensor(v, n, keys, (long) heads * d)
            };
            for (Tensor leaf : leaves) {
                leaf.set_requires_grad(true);
            }
            Tensor dOutT = Torch.tensor(dOut, n, tokens, (long) heads * d);
            return () -> {
                Tensor[] split = new Tensor[3];
                for (int i = 0; i < 3; i++) {
                    split[i] = leaves[i].view(n, i == 0 ? tokens : keys, heads, d).transpose(1, 2);
                }
                Tensor o = merged(sdpa(split), n, tokens, heads * d);
                Tensor[] d3 = Autograd.gradients(o, dOutT, leaves);
                return new Tensor[] {o, d3[0], d3[1], d3[2]};
            };
        });
    }

    private static Tensor heads(int n, int tokens, int heads, int d, float[] values) {
        return Torch.tensor(values, n, tokens, heads, d).transpose(1, 2);
    }

    private static Tensor sdpa(Tensor[] qkv) {
        return torch.scaled_dot_product_attention(
                qkv[0], qkv[1], qkv[2], new TensorOptional(), 0, false, new DoubleOptional(), false);
    }

    private static Tensor merged(Tensor o, int n, int tokens, int width) {
        return o.transpose(1, 2).reshape(n, tokens, width);
    }

    /**
     * x_t = √ᾱ_t·x₀ + √(1−ᾱ_t)·ε with x₀ = u8/127.5 − 1, ε drawn anew, t uniform (Ho et al., eq. 4) → x_t, ε.
     *
     * @param images bytes [n,c,size,size]
     * @param alphaBar ᾱ of each timestep
     */
    public static Work noising(int n, int c, int size, byte[] images, float[] alphaBar) {
        return TorchWork.inference(() -> {
            Noising noising = new Noising(alphaBar);
            Tensor u8 = Tensor.create(images, false, n, c, size, size);
            return () -> {
                Noising.Batch batch = noising.draw(u8);
                return new Tensor[] {batch.xt(), batch.epsilon()};
            };
        });
    }

    /** Standard normal numbers, as many as asked for. */
    public static Work normals(int count) {
        return TorchWork.inference(() -> () -> new Tensor[] {torch.randn(count)});
    }

    private static Tensor picture(ConvShape s, Format format, float[] values, int channels) {
        return Torch.picture(values, format, s.n(), channels, s.size(), s.size());
    }

    private static Tensor weight(ConvShape s, Format format, float[] values) {
        return Torch.picture(values, format, s.cout(), s.cin(), s.kernel(), s.kernel());
    }
}
