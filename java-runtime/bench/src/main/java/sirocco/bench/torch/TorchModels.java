package sirocco.bench.torch;

import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;
import sirocco.nn.Weights;
import sirocco.torch.TorchProgram;

/** LibTorch's side of the rows about whole models: networks with inputs x [n,c,h,w] and t [n,1] and one output of x's form. */
public final class TorchModels {
    private TorchModels() {}

    /** x [n,c,h,w], t [n] → ε̂ [n,c,h,w]. */
    public static Work forward(TorchProgram program, Format format, Weights weights, float[] x, float[] t) {
        return TorchWork.inference(() -> {
            TorchNetwork net = new TorchNetwork(program, format, weights::get, false);
            Tensor xt = images(program, format, x);
            Tensor tt = Torch.tensor(t, t.length, 1);
            return () -> net.forward(xt, tt);
        });
    }

    /** The loss mean((ε̂(x_t, t) − ε)²) [1] and its gradient by each parameter, in the order of {@link Weights#names()} and of the graph's elements. */
    public static Work gradients(TorchProgram program, Format format, Weights weights, float[] xt, float[] epsilon, float[] t) {
        return TorchWork.autograd(() -> {
            TorchNetwork net = new TorchNetwork(program, format, weights::get, true);
            Tensor x = images(program, format, xt);
            Tensor e = images(program, format, epsilon);
            Tensor tt = Torch.tensor(t, t.length, 1);
            Tensor[] leaves = net.parameters().toArray(Tensor[]::new);
            Tensor one = Torch.tensor(new float[] {1}).squeeze();
            int[] order = weights.names().stream().mapToInt(net::number).toArray();
            return () -> {
                Tensor loss = torch.mse_loss(net.forward(x, tt)[0], e);
                Tensor[] d = Autograd.gradients(loss, one, leaves);
                Tensor[] all = new Tensor[d.length + 1];
                all[0] = loss;
                for (int i = 0; i < order.length; i++) {
                    all[i + 1] = net.logical(order[i], d[order[i]]);
                }
                return all;
            };
        });
    }

    /**
     * A whole training step: noising of u8 pictures with t and ε drawn anew, forward, MSE, backward, global gradient norm clipped at 1,
     * Adam (LibTorch's own), EMA. Each call is the next step. Result: the loss [1].
     *
     * @param images bytes [n,c,h,w]
     * @param alphaBar ᾱ_t
     * @param emaDecay of the moving average of the weights
     */
    public static Work training(TorchProgram program, Format format, Weights weights, byte[] images, float[] alphaBar, double lr, double emaDecay) {
        return TorchWork.autograd(() -> {
            TorchNetwork net = new TorchNetwork(program, format, weights::get, true);
            Noising noising = new Noising(alphaBar);
            Tensor u8 = Torch.in(format, Tensor.create(images, false, shape(program)));
            Tensor[] leaves = net.parameters().toArray(Tensor[]::new);
            TensorVector parameters = new TensorVector(leaves);
            Adam adam = new Adam(parameters, new AdamOptions(lr));
            Tensor[] ema = new Tensor[leaves.length];
            for (int i = 0; i < ema.length; i++) {
                ema[i] = leaves[i].detach().clone();
            }
            Scalar fresh = new Scalar(1 - emaDecay);
            return () -> {
                Noising.Batch batch;
                Tensor t;
                try (NoGradGuard guard = new NoGradGuard()) {
                    batch = noising.draw(u8);
                    t = batch.t().to(torch.ScalarType.Float).unsqueeze(1);
                }
                Tensor loss = torch.mse_loss(net.forward(batch.xt(), t)[0], batch.epsilon());
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

    private static Tensor images(TorchProgram program, Format format, float[] values) {
        return Torch.picture(values, format, shape(program));
    }

    private static long[] shape(TorchProgram program) {
        return program.inputs().getFirst().shape().stream().mapToLong(Integer::longValue).toArray();
    }
}
