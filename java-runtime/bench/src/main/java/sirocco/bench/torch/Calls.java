package sirocco.bench.torch;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import sirocco.api.BinaryFunction;
import sirocco.torch.Register;
import sirocco.torch.TorchCall;

/** Makes functions of LibTorch out of the calls of a program. What does not change from run to run, as a bias in the wrapper that LibTorch takes, is made once. */
final class Calls {
    private static final long[] ONE = {1, 1};
    private static final long[] NONE = {0, 0};
    private static final double QUICK = 1.702;

    private final Tensor[] given;
    private final boolean training;

    /**
     * @param given the parameters, in their registers; null elsewhere
     * @param training whether dropout drops
     */
    Calls(Tensor[] given, boolean training) {
        this.given = given;
        this.training = training;
    }

    /** Returns what computes a call's result from the tensors in the registers. */
    Function<Tensor[], Tensor> function(TorchCall call) {
        return switch (call) {
            case TorchCall.Conv2d c -> convolution(c);
            case TorchCall.Pad c -> {
                long[] sides = {c.left(), c.right(), c.top(), c.bottom()};
                yield r -> torch.constant_pad_nd(at(r, c.x()), sides);
            }
            case TorchCall.Linear c -> {
                Function<Tensor[], TensorOptional> bias = optional(c.bias());
                yield r -> torch.linear(at(r, c.x()), at(r, c.w()), bias.apply(r));
            }
            case TorchCall.MatMul c -> r -> torch.matmul(at(r, c.a()), at(r, c.b()));
            case TorchCall.Attention c -> attention(c);
            case TorchCall.GroupNorm c -> {
                Function<Tensor[], TensorOptional> gamma = optional(Optional.of(c.gamma()));
                Function<Tensor[], TensorOptional> beta = optional(Optional.of(c.beta()));
                yield r -> torch.group_norm(at(r, c.x()), c.groups(), gamma.apply(r), beta.apply(r), c.eps(), false);
            }
            case TorchCall.LayerNorm c -> {
                long[] shape = {c.channels()};
                Function<Tensor[], TensorOptional> gamma = optional(c.gamma());
                Function<Tensor[], TensorOptional> beta = optional(c.beta());
                yield r -> torch.layer_norm(at(r, c.x()), shape, gamma.apply(r), beta.apply(r), c.eps(), false);
            }
            case TorchCall.Unary c -> unary(c);
            case TorchCall.Affine c -> affine(c);
            case TorchCall.Binary c -> r -> binary(c.function(), at(r, c.a()), at(r, c.b()));
            case TorchCall.Concat c -> r -> torch.cat(new TensorVector(at(r, c.a()), at(r, c.b())), c.dim());
            case TorchCall.Narrow c -> r -> at(r, c.x()).narrow(c.dim(), c.from(), c.count());
            case TorchCall.Repeat c -> {
                long[] copies = longs(c.copies());
                yield r -> at(r, c.x()).repeat(copies);
            }
            case TorchCall.Reshape c -> {
                long[] shape = longs(c.shape());
                yield r -> at(r, c.x()).reshape(shape);
            }
            case TorchCall.Permute c -> {
                long[] order = longs(c.order());
                yield r -> at(r, c.x()).permute(order);
            }
            case TorchCall.Upsample c -> r -> {
                Tensor x = at(r, c.x());
                return torch.upsample_nearest2d(x, 2 * x.size(2), 2 * x.size(3));
            };
            case TorchCall.AveragePool c -> {
                long[] block = {c.size(), c.size()};
                yield r -> torch.avg_pool2d(at(r, c.x()), block, block, NONE, false, true, new LongOptional());
            }
            case TorchCall.Reduce c -> reduce(c);
            case TorchCall.TimestepEmbedding c -> timestepEmbedding(c);
            case TorchCall.Embedding c -> r -> torch.embedding(at(r, c.table()), at(r, c.ids()));
            case TorchCall.Ramp c -> {
                Tensor y = ramp(c);
                // A new handle for each run, as the register is freed.
                yield _ -> y.expand(longs(c.shape()));
            }
            case TorchCall.Draw c -> {
                long[] shape = longs(c.shape());
                yield _ -> switch (c.distribution()) {
                    case NORMAL -> torch.randn(shape);
                    case UNIFORM -> torch.rand(shape);
                };
            }
            case TorchCall.Dropout c -> r -> torch.dropout(at(r, c.x()), c.p(), training);
        };
    }

    private static Tensor at(Tensor[] registers, Register r) {
        return registers[r.number()];
    }

    /** A parameter, wrapped once; anything else, wrapped in each run; or LibTorch's nothing. */
    private Function<Tensor[], TensorOptional> optional(Optional<Register> register) {
        if (register.isEmpty()) {
            TensorOptional nothing = new TensorOptional();
            return _ -> nothing;
        }
        Register at = register.get();
        if (given[at.number()] != null) {
            TensorOptional parameter = new TensorOptional(given[at.number()]);
            return _ -> parameter;
        }
        return r -> new TensorOptional(at(r, at));
    }

    private static long[] longs(List<Integer> values) {
        return values.stream().mapToLong(Integer::longValue).toArray();
    }

    private Function<Tensor[], Tensor> convolution(TorchCall.Conv2d c) {
        Function<Tensor[], TensorOptional> bias = optional(c.bias());
        long[] stride = {c.stride(), c.stride()};
        long[] padding = {c.paddingH(), c.paddingW()};
        return r -> torch.conv2d(at(r, c.x()), at(r, c.w()), bias.apply(r), stride, padding, ONE, 1);
    }

    private Function<Tensor[], Tensor> attention(TorchCall.Attention c) {
        Function<Tensor[], TensorOptional> mask = optional(c.mask());
        DoubleOptional usualScale = new DoubleOptional();
        return r -> torch.scaled_dot_product_attention(at(r, c.q()), at(r, c.k()), at(r, c.v()), mask.apply(r), 0, c.causal(), usualScale, false);
    }

    private static Function<Tensor[], Tensor> unary(TorchCall.Unary c) {
        Register x = c.x();
        return switch (c.function()) {
            case EXP -> r -> torch.exp(at(r, x));
            case LOG -> r -> torch.log(at(r, x));
            case SQRT -> r -> torch.sqrt(at(r, x));
            case RSQRT -> r -> torch.rsqrt(at(r, x));
            case SQUARE -> r -> torch.square(at(r, x));
            case RECIPROCAL -> r -> torch.reciprocal(at(r, x));
            case ABS -> r -> torch.abs(at(r, x));
            case SIN -> r -> torch.sin(at(r, x));
            case COS -> r -> torch.cos(at(r, x));
            case TANH -> r -> torch.tanh(at(r, x));
            case SIGMOID -> r -> torch.sigmoid(at(r, x));
            case SOFTPLUS -> r -> torch.softplus(at(r, x));
            case ERF -> r -> torch.erf(at(r, x));
            case RELU -> r -> torch.relu(at(r, x));
            case SILU -> r -> torch.silu(at(r, x));
            case GELU -> r -> torch.gelu(at(r, x));
            case GELU_TANH -> r -> torch.gelu(at(r, x), "tanh");
            case GELU_QUICK -> {
                Scalar quick = new Scalar(QUICK);
                yield r -> at(r, x).mul(torch.sigmoid(at(r, x).mul(quick)));
            }
            case STEP -> {
                Scalar zero = new Scalar(0.0);
                yield r -> at(r, x).ge(zero).to(torch.ScalarType.Float);
            }
        };
    }

    private static Function<Tensor[], Tensor> affine(TorchCall.Affine c) {
        Scalar scale = new Scalar(c.scale());
        Scalar shift = new Scalar(c.shift());
        return c.shift() == 0 ? r -> at(r, c.x()).mul(scale) : r -> at(r, c.x()).mul(scale).add(shift);
    }

    private static Tensor binary(BinaryFunction function, Tensor a, Tensor b) {
        return switch (function) {
            case ADD -> a.add(b);
            case SUBTRACT -> a.sub(b);
            case MULTIPLY -> a.mul(b);
            case DIVIDE -> a.div(b);
            case MINIMUM -> torch.minimum(a, b);
            case MAXIMUM -> torch.maximum(a, b);
        };
    }

    private static Function<Tensor[], Tensor> reduce(TorchCall.Reduce c) {
        long[] dims = longs(c.dims());
        ScalarTypeOptional same = new ScalarTypeOptional();
        return switch (c.function()) {
            case SUM -> r -> torch.sum(at(r, c.x()), dims, true, same);
            case MEAN -> r -> torch.mean(at(r, c.x()), dims, true, same);
            case MAXIMUM -> r -> torch.amax(at(r, c.x()), dims, true);
        };
    }

    private static Function<Tensor[], Tensor> timestepEmbedding(TorchCall.TimestepEmbedding c) {
        int half = c.dim() / 2;
        float[] omega = new float[half];
        for (int i = 0; i < half; i++) {
            omega[i] = (float) Math.exp(-Math.log(c.maxPeriod()) * i / (half - c.freqShift()));
        }
        Tensor frequencies = Torch.tensor(omega, 1, half);
        return r -> {
            Tensor angles = at(r, c.t()).mul(frequencies);
            Tensor sin = angles.sin();
            Tensor cos = angles.cos();
            return torch.cat(c.flipSinToCos() ? new TensorVector(cos, sin) : new TensorVector(sin, cos), 1);
        };
    }

    private static Tensor ramp(TorchCall.Ramp c) {
        long[] sizes = {1, 1, 1, 1};
        int count = c.shape().get(c.dim());
        sizes[c.dim()] = count;
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (c.start() + c.step() * i);
        }
        return Torch.tensor(values, sizes);
    }
}
