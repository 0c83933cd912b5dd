package sirocco.bench.torch;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Gradients by LibTorch's engine. */
final class Autograd {
    private Autograd() {}

    /** d⟨y, dy⟩/d(leaf) for each leaf. The graph behind {@code y} is used up. */
    static Tensor[] gradients(Tensor y, Tensor dy, Tensor... leaves) {
        return torch.grad(new TensorVector(y), new TensorVector(leaves), new TensorVector(dy), new BoolOptional(), false, false).get();
    }
}
