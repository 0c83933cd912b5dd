package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Diffusion;
import sirocco.api.Pointwise;
import sirocco.api.Random;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Ops that compute each element from those at the same place. */
final class PointwiseKernels {
    private final Storage storage;

    PointwiseKernels(Target target) {
        storage = target.activations();
    }

    Kernel silu(Pointwise.Unary op) {
        return each("silu", op.y(), op.x(), op.y());
    }

    Kernel siluBackward(Pointwise.UnaryBackward op) {
        return each("silu_backward", op.dx(), op.x(), op.dy(), op.dx());
    }

    Kernel add(Pointwise.Binary op) {
        return each("add", op.y(), op.a(), op.b(), op.y());
    }

    /** @param like a value of as many elements as the kernel writes */
    private Kernel each(String name, Value like, Value... operands) {
        int n = (int) like.shape().elements();
        return Kernel.of(m -> {
            Object[] arguments = new Object[operands.length + 1];
            for (int i = 0; i < operands.length; i++) {
                arguments[i] = m.at(operands[i]);
            }
            arguments[operands.length] = n;
            return List.of(Launch.threads(storage.kernel(name), vectors(n), arguments));
        });
    }

    Kernel guidance(Diffusion.Guidance op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(m -> List.of(Launch.threads(storage.kernel("guidance"), n, m.at(op.x()), m.at(op.scale()), m.at(op.y()), n)));
    }

    Kernel dropout(Random.Dropout op) {
        Shape s = op.x().shape();
        int elements = (int) s.imageElements();
        return Kernel.of(m -> List.of(Launch.noise(storage.kernel("dropout"), s.n(), elements, m.at(op.x()), m.at(op.rng()),
                m.at(op.index()), op.p(), (float) (1 / (1 - (double) op.p())), op.id(), m.at(op.y()), elements)));
    }

    private long vectors(int n) {
        return Launch.blocks(n, storage.vector());
    }
}
