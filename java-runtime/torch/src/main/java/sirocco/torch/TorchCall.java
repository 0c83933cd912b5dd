package sirocco.torch;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.BinaryFunction;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.UnaryFunction;

/**
 * A call of a function of PyTorch, as its users write it. Components of type {@link Register} are tensors; all others are constants. {@code y} is the
 * result. Numbers of dimensions count from 0, the outermost.
 */
public sealed interface TorchCall {
    Register y();

    /** {@code conv2d}: x [n,c,h,w], w [k,c,r,s], bias [k]; zeros of {@code paddingH} rows above and below and {@code paddingW} columns on both sides. */
    record Conv2d(Register x, Register w, Optional<Register> bias, int stride, int paddingH, int paddingW, Register y) implements TorchCall { }

    /** {@code pad}: zeros around a picture [n,c,h,w]. */
    record Pad(Register x, int left, int right, int top, int bottom, Register y) implements TorchCall { }

    /** {@code linear}: x […,c], w [k,c], bias [k]; y […,k]. */
    record Linear(Register x, Register w, Optional<Register> bias, Register y) implements TorchCall { }

    /** {@code matmul} over the last two dimensions; the others broadcast. */
    record MatMul(Register a, Register b, Register y) implements TorchCall { }

    /** {@code scaled_dot_product_attention}: q [n,heads,Lq,d], k and v [n,heads,Lk,d]; {@code mask}, which broadcasts to [n,heads,Lq,Lk], is added to the scores. */
    record Attention(Register q, Register k, Register v, Optional<Register> mask, boolean causal, Register y) implements TorchCall { }

    /** {@code group_norm}: x [n,c,h,w], gamma and beta [c]. */
    record GroupNorm(Register x, int groups, Register gamma, Register beta, double eps, Register y) implements TorchCall { }

    /** {@code layer_norm} over the last dimension, of {@code channels} elements. */
    record LayerNorm(Register x, int channels, Optional<Register> gamma, Optional<Register> beta, double eps, Register y) implements TorchCall { }

    /** A function of each element. */
    record Unary(Register x, UnaryFunction function, Register y) implements TorchCall { }

    /** scale·x + shift. */
    record Affine(Register x, double scale, double shift, Register y) implements TorchCall { }

    /** A function of the elements of two tensors that broadcast. */
    record Binary(Register a, Register b, BinaryFunction function, Register y) implements TorchCall { }

    /** {@code cat} of a and b along a dimension. */
    record Concat(Register a, Register b, int dim, Register y) implements TorchCall { }

    /** {@code narrow}: {@code count} elements along a dimension, from {@code from} on. */
    record Narrow(Register x, int dim, int from, int count, Register y) implements TorchCall { }

    /** {@code repeat}: so many copies side by side along each dimension. */
    record Repeat(Register x, List<Integer> copies, Register y) implements TorchCall { }

    /** {@code reshape}. */
    record Reshape(Register x, List<Integer> shape, Register y) implements TorchCall { }

    /** {@code permute}: y's dimension i is x's dimension {@code order.get(i)}. */
    record Permute(Register x, List<Integer> order, Register y) implements TorchCall { }

    /** {@code interpolate} by 2, nearest neighbor: x [n,c,h,w]. */
    record Upsample(Register x, Register y) implements TorchCall { }

    /** {@code avg_pool2d} of {@code size}×{@code size} pixels: x [n,c,h,w]. */
    record AveragePool(Register x, int size, Register y) implements TorchCall { }

    /** {@code sum}, {@code mean} or {@code amax} along dimensions, which are kept with size 1. */
    record Reduce(Register x, Reduction.Function function, List<Integer> dims, Register y) implements TorchCall { }

    /** Sinusoids of timesteps, see {@link sirocco.api.Conditioning.TimestepEmbedding}: t [n,1], y [n,dim]; {@code dim} is even. */
    record TimestepEmbedding(Register t, int dim, boolean flipSinToCos, double freqShift, double maxPeriod, Register y) implements TorchCall { }

    /** {@code embedding}: rows of table [rows,c], chosen by integers ids […]; y […,c]. */
    record Embedding(Register ids, Register table, Register y) implements TorchCall { }

    /** start + step·i for each i along a dimension, the same along the others: y of {@code shape}. */
    record Ramp(double start, double step, int dim, List<Integer> shape, Register y) implements TorchCall { }

    /** {@code randn} or {@code rand}: PyTorch's own random numbers, which are not Sirocco's. */
    record Draw(Random.Distribution distribution, List<Integer> shape, Register y) implements TorchCall { }

    /** {@code dropout}, with PyTorch's own random numbers. */
    record Dropout(Register x, double p, Register y) implements TorchCall { }

    /** Returns the registers that the call reads. */
    default List<Register> reads() {
        List<Register> all = new ArrayList<>();
        for (RecordComponent c : getClass().getRecordComponents()) {
            if (!c.getName().equals("y")) {
                switch (Components.get(this, c)) {
                    case Register r -> all.add(r);
                    case Optional<?> o -> o.ifPresent(r -> all.add((Register) r));
                    default -> { }
                }
            }
        }
        return all;
    }
}
