package sirocco.bench.torch;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import sirocco.bench.Work;

/** A piece of LibTorch work: an expression over tensors that are kept, its intermediate values and results freed after each run. */
final class TorchWork implements Work {
    private final PointerScope kept;
    private final Supplier<Tensor[]> expression;
    private final boolean inference;

    private TorchWork(PointerScope kept, Supplier<Tensor[]> expression, boolean inference) {
        this.kept = kept;
        this.expression = expression;
        this.inference = inference;
    }

    /**
     * Work in LibTorch's inference mode, without any of autograd's bookkeeping.
     *
     * @param setup run once, in a scope that lives as long as the work: what it makes, the expression that it returns may use
     */
    static Work inference(Supplier<Supplier<Tensor[]>> setup) {
        return of(setup, true);
    }

    /** Work that records for autograd where a tensor asks for it. */
    static Work autograd(Supplier<Supplier<Tensor[]>> setup) {
        return of(setup, false);
    }

    private static Work of(Supplier<Supplier<Tensor[]>> setup, boolean inference) {
        PointerScope kept = new PointerScope();
        try {
            return new TorchWork(kept, setup.get(), inference);
        } finally {
            // Leaves the scope without freeing what it holds.
            kept.extend().close();
        }
    }

    @Override
    public void run() {
        try (PointerScope scope = new PointerScope();
                InferenceMode mode = new InferenceMode(inference)) {
            expression.get();
        }
    }

    @Override
    public float[][] results() {
        try (PointerScope scope = new PointerScope();
                InferenceMode mode = new InferenceMode(inference)) {
            Tensor[] tensors = expression.get();
            float[][] values = new float[tensors.length][];
            for (int i = 0; i < values.length; i++) {
                values[i] = Torch.floats(tensors[i]);
            }
            return values;
        }
    }

    @Override
    public void close() {
        kept.close();
    }
}
