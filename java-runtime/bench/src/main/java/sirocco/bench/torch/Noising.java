package sirocco.bench.torch;

import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The forward process q(x_t | x₀) of Ho et al., eq. 4, written with LibTorch's tensor functions. */
final class Noising {
    /** A noised batch: x_t and ε [n,c,h,w], t [n]. */
    record Batch(Tensor xt, Tensor epsilon, Tensor t) {}

    private final Tensor signal;
    private final Tensor noise;
    private final Scalar scale = new Scalar(1 / 127.5);
    private final Scalar one = new Scalar(1.0);
    private final int timesteps;

    /** @param alphaBar ᾱ_t */
    Noising(float[] alphaBar) {
        timesteps = alphaBar.length;
        float[] s = new float[timesteps];
        float[] n = new float[timesteps];
        for (int t = 0; t < timesteps; t++) {
            s[t] = (float) Math.sqrt(alphaBar[t]);
            n[t] = (float) Math.sqrt(1.0 - alphaBar[t]);
        }
        signal = Torch.tensor(s, timesteps, 1, 1, 1);
        noise = Torch.tensor(n, timesteps, 1, 1, 1);
    }

    /** @param u8 bytes [n,c,h,w] */
    Batch draw(Tensor u8) {
        Tensor x0 = u8.to(torch.ScalarType.Float).mul_(scale).sub_(one);
        Tensor epsilon = torch.randn_like(x0);
        Tensor t = torch.randint(timesteps, new long[] {u8.size(0)}, u8.options().dtype(new ScalarTypeOptional(torch.ScalarType.Long)));
        Tensor xt = x0.mul_(signal.index_select(0, t)).addcmul_(epsilon, noise.index_select(0, t));
        return new Batch(xt, epsilon, t);
    }
}
