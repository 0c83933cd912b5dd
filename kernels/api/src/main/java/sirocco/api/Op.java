package sirocco.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * THE contract: everything a backend must be able to compute. Ops are coarse, and fused where that saves a pass over memory.
 *
 * <p>Each record names the values it reads, the values it writes ({@link #outputs}: every element, no matter what was there) and the
 * persistent values it changes in place ({@link #updates}). Activation gradients are written; parameter gradients accumulate (+=), and
 * the optimizer zeroes them, so that micro-batches add up. Whatever changes from run to run (seed, step, learning rate, coefficients) is
 * read from a small value, never an attribute: a captured replay would freeze it.
 *
 * <p>Reductions have a fixed order: the same inputs on the same backend give the same bits. Noise is {@link Philox}, addressed by
 * sample index, step, stream and element, so an image does not depend on its batch.
 *
 * <p>{@code rng} is always I32 [1,1,1,4] = (seed low, seed high, step, 0); {@code index} is I32 [n,1,1,1], the sample index of each image.
 */
public sealed interface Op {
    List<Value> inputs();

    List<Value> outputs();

    default List<Value> updates() {
        return List.of();
    }

    /** Floating-point operations of the textbook algorithm, a multiply-add counting two; 0 where memory is all that matters. */
    default long flops() {
        return 0;
    }

    /**
     * Bytes that any way of computing it must move: each input read once, each output written once, what is updated both.
     *
     * @param size of a value as it is stored
     */
    default long bytes(ToLongFunction<Value> size) {
        return inputs().stream().mapToLong(size).sum() + outputs().stream().mapToLong(size).sum() + 2 * updates().stream().mapToLong(size).sum();
    }

    /** The op's name in dumps and errors: the record's name. */
    default String kind() {
        return getClass().getSimpleName();
    }

    /** The op with its shapes and attributes, without names: the same for all ops that a kernel computes alike. */
    default String signature() {
        return OpSignature.of(this);
    }

    // ---- convolution ---------------------------------------------------------------------------------------------------------

    /**
     * y = x ⋆ w (+ bias) (+ perChannel) (+ residual). x [n,h,w,c], w [k,r,s,c], bias [1,1,1,k], perChannel [n,1,1,k] added to every
     * pixel of an image, residual and y [n,h',w',k]. A linear layer is the 1×1 case on [n,1,1,c].
     */
    record Conv2d(Value x, Value w, Optional<Value> bias, Optional<Value> perChannel, Optional<Value> residual, Window window, Value y)
            implements Op {
        @Override public List<Value> inputs() {
            return some(List.of(x, w), bias, perChannel, residual);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }

        @Override public long flops() {
            return convFlops(y.shape(), w.shape());
        }
    }

    /** dx = the gradient of {@link Conv2d} with respect to x, given dy. */
    record Conv2dBackwardData(Value dy, Value w, Window window, Value dx) implements Op {
        @Override public List<Value> inputs() {
            return List.of(dy, w);
        }

        @Override public List<Value> outputs() {
            return List.of(dx);
        }

        @Override public long flops() {
            return convFlops(dy.shape(), w.shape());
        }
    }

    /** dw += the gradient with respect to w; dBias += the sum of dy over images and pixels. */
    record Conv2dBackwardWeights(Value x, Value dy, Window window, Value dw, Optional<Value> dBias) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x, dy);
        }

        @Override public List<Value> outputs() {
            return List.of();
        }

        @Override public List<Value> updates() {
            return some(List.of(dw), dBias);
        }

        @Override public long flops() {
            return convFlops(dy.shape(), dw.shape());
        }
    }

    // ---- normalisation, activation, attention ---------------------------------------------------------------------------------

    /**
     * Group normalisation (Wu &amp; He 2018), with y = SiLU of it if {@code silu}. gamma, beta [1,1,1,c]; stats [n,1,1,2·groups]: (mean,
     * 1/√(variance + eps)) of each group, kept for the reverse pass. The variance is the biased one.
     */
    record GroupNorm(Value x, Value gamma, Value beta, int groups, float eps, boolean silu, Value y, Value stats) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x, gamma, beta);
        }

        @Override public List<Value> outputs() {
            return List.of(y, stats);
        }

        @Override public String kind() {
            return silu ? "GroupNormSilu" : "GroupNorm";
        }
    }

    /** dx = gradient with respect to x (+ addend, of x's shape); dGamma += …, dBeta += … */
    record GroupNormBackward(Value x, Value stats, Value gamma, Value beta, Value dy, Optional<Value> addend, int groups, boolean silu,
                             Value dx, Value dGamma, Value dBeta) implements Op {
        @Override public List<Value> inputs() {
            return some(List.of(x, stats, gamma, beta, dy), addend);
        }

        @Override public List<Value> outputs() {
            return List.of(dx);
        }

        @Override public List<Value> updates() {
            return List.of(dGamma, dBeta);
        }

        @Override public String kind() {
            return silu ? "GroupNormSiluBackward" : "GroupNormBackward";
        }
    }

    /** y = x · σ(x). */
    record Silu(Value x, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /** dx = dy · σ(x)(1 + x(1 − σ(x))). */
    record SiluBackward(Value x, Value dy, Value dx) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x, dy);
        }

        @Override public List<Value> outputs() {
            return List.of(dx);
        }
    }

    /**
     * Self-attention over the L = h·w pixels of an image: per head, y = softmax(q kᵀ / √d) v with d = c / heads; head j has channels j·d …
     * (j+1)·d − 1. All of [n,h,w,c]. logSumExp [n,1,1,heads·L]: log of each row's sum of exponentials, kept for the reverse pass.
     */
    record Attention(Value q, Value k, Value v, int heads, Value y, Value logSumExp) implements Op {
        @Override public List<Value> inputs() {
            return List.of(q, k, v);
        }

        @Override public List<Value> outputs() {
            return List.of(y, logSumExp);
        }

        @Override public long flops() {
            return attentionFlops(q.shape(), 2);
        }
    }

    /** Gradients of {@link Attention} with respect to q, k and v (Dao et al. 2022, algorithm 4). */
    record AttentionBackward(Value q, Value k, Value v, Value y, Value logSumExp, Value dy, int heads, Value dq, Value dk, Value dv)
            implements Op {
        @Override public List<Value> inputs() {
            return List.of(q, k, v, y, logSumExp, dy);
        }

        @Override public List<Value> outputs() {
            return List.of(dq, dk, dv);
        }

        @Override public long flops() {
            return attentionFlops(q.shape(), 5);
        }
    }

    // ---- moving and adding -----------------------------------------------------------------------------------------------------

    /** y = a + b, same shape. */
    record Add(Value a, Value b, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(a, b);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /** y = [a, b] along channels. */
    record Concat(Value a, Value b, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(a, b);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /** y = x's channels from {@code from} on, as many as y has. */
    record Slice(Value x, int from, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /** Nearest-neighbour upsampling by 2: y [n,2h,2w,c]. */
    record Upsample(Value x, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /** dx = the sum of the 2×2 pixels of dy that came from each pixel. */
    record UpsampleBackward(Value dy, Value dx) implements Op {
        @Override public List<Value> inputs() {
            return List.of(dy);
        }

        @Override public List<Value> outputs() {
            return List.of(dx);
        }
    }

    /** y [n,1,1,c] = the sum of x [n,h,w,c] over pixels: the gradient of a per-channel add. */
    record SumPixels(Value x, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /**
     * y = x / (1 − p) where the element is kept, 0 elsewhere (inverted dropout, Srivastava et al. 2014). The mask is drawn from {@link
     * Philox} stream DROPOUT + {@code id}; the reverse pass is the same op on dy.
     */
    record Dropout(Value x, Value rng, Value index, float p, int id, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x, rng, index);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    // ---- conditioning ----------------------------------------------------------------------------------------------------------

    /**
     * Sinusoidal embedding (Vaswani et al. 2017, as Ho et al. use it): t F32 [n,1,1,1] → y [n,1,1,dim]; with half = dim/2 and ω_i =
     * exp(−ln(maxPeriod) · i / (half − freqShift)), y = [sin(tω), cos(tω)], or [cos, sin] if {@code flipSinToCos}; an odd dim ends in 0.
     */
    record TimestepEmbedding(Value t, boolean flipSinToCos, float freqShift, float maxPeriod, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(t);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /** y [n,1,1,dim] = row ids[i] of table [rows,1,1,dim]; ids I32 [n,1,1,1] in 0 … rows − 1, anything else is an error at run time. */
    record Embedding(Value ids, Value table, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(ids, table);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }

        @Override public long bytes(ToLongFunction<Value> size) {
            return size.applyAsLong(ids) + 2 * size.applyAsLong(y);
        }
    }

    /** dTable row ids[i] += dy[i], in order of i. */
    record EmbeddingBackward(Value ids, Value dy, Value dTable) implements Op {
        @Override public List<Value> inputs() {
            return List.of(ids, dy);
        }

        @Override public List<Value> outputs() {
            return List.of();
        }

        @Override public List<Value> updates() {
            return List.of(dTable);
        }
    }

    /** y I32 [n,1,1,1] = labels, or nullLabel with probability p (Ho &amp; Salimans 2022, algorithm 1), drawn from stream TRAIN. */
    record DropLabels(Value labels, Value rng, Value index, float p, int nullLabel, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(labels, rng, index);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    // ---- diffusion -------------------------------------------------------------------------------------------------------------

    /**
     * images [n,h,w,c] = images number ids[i] of dataset [size,h,w,c], both U8; ids I32 [n,1,1,1] in 0 … size − 1, anything else is an error
     * at run time. A dataset may have more elements than 2³¹.
     */
    record GatherImages(Value dataset, Value ids, Value images) implements Op {
        @Override public List<Value> inputs() {
            return List.of(dataset, ids);
        }

        @Override public List<Value> outputs() {
            return List.of(images);
        }

        @Override public long bytes(ToLongFunction<Value> size) {
            return size.applyAsLong(ids) + 2 * size.applyAsLong(images);
        }
    }

    /**
     * Everything between a batch of pixels and the model, in one pass (Ho et al. 2020, eq. 4 and algorithm 1): images U8 [n,h,w,c];
     * t uniform in 0 … T−1 and a horizontal flip (if {@code flip}) from stream TRAIN, ε from stream NOISE; x₀ = pixel/127.5 − 1;
     * with row t of schedule F32 [T,1,1,8] = (a, s, e, d, weight, 0, 0, 0): xt = a·x₀ + s·ε, target = e·ε + d·x₀. Writes t and weight as
     * F32 [n,1,1,1].
     */
    record Noising(Value images, Value schedule, Value rng, Value index, boolean flip, Value xt, Value target, Value t, Value weight)
            implements Op {
        @Override public List<Value> inputs() {
            return List.of(images, schedule, rng, index);
        }

        @Override public List<Value> outputs() {
            return List.of(xt, target, t, weight);
        }
    }

    /** loss [1,1,1,1] = mean over all elements of weight[image] · (prediction − target)²; weight F32 [n,1,1,1], 1 where absent. */
    record MseLoss(Value prediction, Value target, Optional<Value> weight, Value loss) implements Op {
        @Override public List<Value> inputs() {
            return some(List.of(prediction, target), weight);
        }

        @Override public List<Value> outputs() {
            return List.of(loss);
        }
    }

    /** dPrediction = 2 · weight[image] · (prediction − target) / elements. */
    record MseLossBackward(Value prediction, Value target, Optional<Value> weight, Value dPrediction) implements Op {
        @Override public List<Value> inputs() {
            return some(List.of(prediction, target), weight);
        }

        @Override public List<Value> outputs() {
            return List.of(dPrediction);
        }
    }

    /** t F32 [n,1,1,1] = the timestep in the row of {@code table} that {@code cursor} points at, for every image. */
    record ChainTimestep(Value table, Value cursor, Value t) implements Op {
        @Override public List<Value> inputs() {
            return List.of(table, cursor);
        }

        @Override public List<Value> outputs() {
            return List.of(t);
        }
    }

    /** y [2n,…] = [x; x] along images: both halves of classifier-free guidance. F32 or I32. */
    record Repeat(Value x, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /** y = u + scale·(c − u), x = [c; u] along images, scale F32 [1,1,1,1] (Ho &amp; Salimans 2022, eq. 6 with scale = 1 + w). */
    record Guidance(Value x, Value scale, Value y) implements Op {
        @Override public List<Value> inputs() {
            return List.of(x, scale);
        }

        @Override public List<Value> outputs() {
            return List.of(y);
        }
    }

    /**
     * One step of any sampler that is a table of coefficients. Row {@code cursor} (I32 [1,1,1,1]) of table F32 [steps,1,1,12] is (t, kx, ko,
     * clip, cx, c0, co, c1, c2, sigma, 0, 0); with z standard normal from stream SAMPLING at step {@code cursor}, key {@code rng}:
     * <pre>
     *   x̂₀ = clamp(kx·x + ko·out, −clip, clip)
     *   x  ← cx·x + c0·x̂₀ + co·out + c1·h1 + c2·h2 + sigma·z;   h2 ← h1, h1 ← x̂₀
     *   cursor ← cursor + 1
     * </pre>
     * x, h1, h2 [n,h,w,c] are STATE; the history h1, h2 is there for multistep samplers only (both or neither).
     */
    record SamplingStep(Value out, Value table, Value rng, Value index, Value x, Optional<Value> h1, Optional<Value> h2, Value cursor)
            implements Op {
        @Override public List<Value> inputs() {
            return List.of(out, table, rng, index);
        }

        @Override public List<Value> outputs() {
            return List.of();
        }

        @Override public List<Value> updates() {
            return some(List.of(x, cursor), h1, h2);
        }
    }

    // ---- optimizer -------------------------------------------------------------------------------------------------------------

    /** norm [1,1,1,1] = the Euclidean norm of all gradients together. */
    record GradientNorm(List<Value> gradients, Value norm) implements Op {
        public GradientNorm {
            gradients = List.copyOf(gradients);
        }

        @Override public List<Value> inputs() {
            return gradients;
        }

        @Override public List<Value> outputs() {
            return List.of(norm);
        }
    }

    /**
     * Keeps what the host wants to know of a step until it asks, so that it need not wait for each. Row (step mod rows) of history F32 STATE
     * [rows,1,1,2] ← (loss, norm), step being rng's. guard [1,1,1,1] = norm as long as both were finite in every step, and NaN from the
     * first on where one was not, so that {@link AdamEma} leaves the weights as they were before that step. failed I32 STATE [1,1,1,1]
     * ← 1 then; it is 0 at first.
     */
    record RecordStep(Value loss, Value norm, Value rng, Value history, Value failed, Value guard) implements Op {
        @Override public List<Value> inputs() {
            return List.of(loss, norm, rng);
        }

        @Override public List<Value> outputs() {
            return List.of(guard);
        }

        @Override public List<Value> updates() {
            return List.of(history, failed);
        }
    }

    /**
     * Clipping by global norm, Adam (Kingma &amp; Ba 2015) or AdamW (Loshchilov &amp; Hutter 2019), and the moving average of the weights,
     * over all parameters at once. hyper F32 [1,1,1,16] = (lr, β₁, β₂, eps, weight decay, EMA decay, clip norm, 1 − β₁ᵗ, 1 − β₂ᵗ, 0 …);
     * clip norm ≤ 0: none. With g the gradient times min(1, clip/(norm + 1e-6)): p ← p(1 − lr·decay), m, v ← …, p ← p − lr·m̂/(√v̂ + eps),
     * ema ← decay·ema + (1 − decay)·p. Gradients are zeroed. Where norm is not finite nothing but that happens. The five lists
     * run in parallel, shapes alike.
     */
    record AdamEma(Value norm, Value hyper, List<Value> parameters, List<Value> gradients, List<Value> m, List<Value> v, List<Value> ema)
            implements Op {
        public AdamEma {
            parameters = List.copyOf(parameters);
            gradients = List.copyOf(gradients);
            m = List.copyOf(m);
            v = List.copyOf(v);
            ema = List.copyOf(ema);
        }

        @Override public List<Value> inputs() {
            return List.of(norm, hyper);
        }

        @Override public List<Value> outputs() {
            return List.of();
        }

        @Override public List<Value> updates() {
            List<Value> all = new ArrayList<>(parameters);
            all.addAll(gradients);
            all.addAll(m);
            all.addAll(v);
            all.addAll(ema);
            return all;
        }
    }

    // ---- helpers ---------------------------------------------------------------------------------------------------------------

    @SafeVarargs
    private static List<Value> some(List<Value> always, Optional<Value>... maybe) {
        List<Value> all = new ArrayList<>(always);
        for (Optional<Value> value : maybe) {
            value.ifPresent(all::add);
        }
        return all;
    }

    private static long convFlops(Shape y, Shape w) {
        return 2 * y.elements() * w.imageElements();
    }

    private static long attentionFlops(Shape q, int products) {
        long pixels = (long) q.h() * q.w();
        return 2 * products * q.n() * pixels * pixels * q.c();
    }
}
