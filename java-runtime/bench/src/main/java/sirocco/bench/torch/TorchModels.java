package sirocco.bench.torch;

import java.util.Map;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import sirocco.bench.UNetSpec;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;

/** LibTorch's side of the rows about whole models. */
public final class TorchModels {
    private TorchModels() {}

    /** x [n,c,h,w], t [n] → ε̂ [n,c,h,w]. */
    public static Work forward(UNetSpec spec, Format format, Map<String, float[]> weights, float[] x, float[] t) {
        return TorchWork.inference(() -> {
            TorchUNet net = new TorchUNet(spec, format, weights, false);
            Tensor xt = Torch.picture(x, format, t.length, spec.channels(), spec.size(), spec.size());
            Tensor tt = Torch.tensor(t, t.length);
            return () -> new Tensor[] {net.forward(xt, tt)};
        });
    }

    /** The loss mean((ε̂(x_t, t) − ε)²) [1] and its gradient by each parameter, in the order of {@link UNetSpec#parameters()}. */
    public static Work gradients(UNetSpec spec, Format format, Map<String, float[]> weights, float[] xt, float[] epsilon, float[] t) {
        return TorchWork.autograd(() -> {
            TorchUNet net = new TorchUNet(spec, format, weights, true);
            Tensor x = Torch.picture(xt, format, t.length, spec.channels(), spec.size(), spec.size());
            Tensor e = Torch.picture(epsilon, format, t.length, spec.channels(), spec.size(), spec.size());
            Tensor tt = Torch.tensor(t, t.length);
            Tensor[] leaves = net.parameters().values().toArray(Tensor[]::new);
            Tensor one = Torch.tensor(new float[] {1}).squeeze();
            return () -> {
                Tensor loss = torch.mse_loss(net.forward(x, tt), e);
                Tensor[] d = Autograd.gradients(loss, one, leaves);
                Tensor[] all = new Tensor[d.length + 1];
                all[0] = loss;
                System.arraycopy(d, 0, all, 1, d.length);
                return all;
            };
        });
    }

    /**
     * A whole training step: noising of u8 pictures with t and ε drawn anew, forward, MSE, backward, global gradient norm clipped at 1,
     * Adam (LibTorch's own), EMA. Each call is the next step. Result: the loss [1].
     *
     * @param images bytes [n,c,size,size]
     * @param alphaBar ᾱ_t
     * @param emaDecay of the moving average of the weights
     */
    public static Work training(
            UNetSpec spec, Format format, Map<String, float[]> weights, byte[] images, float[] alphaBar, double lr, double emaDecay) {
        return TorchWork.autograd(() -> {
            TorchUNet net = new TorchUNet(spec, format, weights, true);
            Noising noising = new Noising(alphaBar);
            int n = images.length / (spec.channels() * spec.size() * spec.size());
            Tensor u8 = Torch.in(format, Tensor.create(images, false, n, spec.channels(), spec.size(), spec.size()));
            Tensor[] leaves = net.parameters().values().toArray(Tensor[]::new);
            TensorVector parameters = new TensorVector(leaves);
            Adam adam = new Adam(parameters, new AdamOptions(lr));
            Tensor[] ema = new Tensor[leaves.length];
            for (int i = 0; i < ema.length; i++) {
                ema[i] = leaves[i].detach().clone();
            }
            Scalar fresh = new Scalar(1 - emaDecay);
            return () -> {
                Noising.Batch batch;
                try (NoGradGuard guard = new NoGradGuard()) {
                    batch = noising.draw(u8);
                }
                Tensor loss = torch.mse_loss(net.forward(batch.xt(), batch.t()), batch.epsilon());
                adam.zero_grad();
                loss.backward();
                torch.clip_grad_norm_(parameters, 1.0);
                adam.step();
                try (NoGradGuard guard = new NoGradGuard()) {
                    for (int i = 0; i < ema.length; i++) {
                        ema[i].lerp_(leaves[i], fresh);
                    }
                }
                return new Tensor[] {loss.detach()};
            };
        });
    }
}
