package sirocco.api;

import static sirocco.api.OperandRole.STATISTIC;
import static sirocco.api.OperandRole.WEIGHT;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Normalization over groups of channels, or over the last axis. */
public sealed interface Normalization extends Op {
    /**
     * Group normalization (Wu &amp; He 2018), with y = SiLU of it if {@code silu}. gamma, beta [1,1,1,c]; stats [n,1,1,2·groups]: (mean,
     * 1/√(variance + eps)) of each group, kept for the reverse pass. The variance is the biased one.
     */
    record GroupNorm(@Reads Value x, @Reads(WEIGHT) Value gamma, @Reads(WEIGHT) Value beta, int groups, float eps, boolean silu, @Writes Value y,
                     @Writes(STATISTIC) Value stats) implements Normalization {
        @Override
        public String kind() {
            return silu ? "GroupNormSilu" : "GroupNorm";
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Value grouped = ChannelGroups.split(g, x, groups);
            Value mean = g.mean(grouped, ChannelGroups.AXES);
            Value centered = g.subtract(grouped, mean);
            Value variance = g.mean(g.unary(centered, UnaryFunction.SQUARE), ChannelGroups.AXES);
            Value rstd = g.unary(g.affine(variance, 1, eps), UnaryFunction.RSQRT);
            Value normal = g.add(g.multiply(g.reshape(g.multiply(centered, rstd), x.shape()), gamma), beta);
            Shape pairs = new Shape(x.shape().n(), 1, groups, 1);
            Value saved = g.reshape(g.concat(g.reshape(mean, pairs), g.reshape(rstd, pairs), Axis.C), stats.shape());
            return Optional.of(List.of(silu ? g.silu(normal) : normal, saved));
        }

        @Override
        public void reverse(Reverse r) {
            Value dy = r.gradientOf(y);
            Value dx = r.temporary("dx", x.shape());
            Optional<Value> soFar = r.take(x);
            r.record(new GroupNormBackward(x, stats, gamma, beta, dy, soFar, groups, silu, dx, r.accumulatorOrUnused(gamma), r.accumulatorOrUnused(beta)));
            r.add(x, dx);
        }
    }

    /** dx = gradient with respect to x (+ addend, of x's shape); dGamma += …, dBeta += … */
    record GroupNormBackward(@Reads Value x, @Reads(STATISTIC) Value stats, @Reads(WEIGHT) Value gamma, @Reads(WEIGHT) Value beta, @Reads Value dy,
                             @Reads Optional<Value> addend, int groups, boolean silu, @Writes Value dx, @Updates(WEIGHT) Value dGamma,
                             @Updates(WEIGHT) Value dBeta) implements Normalization {
        @Override
        public String kind() {
            return silu ? "GroupNormSiluBackward" : "GroupNormBackward";
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Shape s = x.shape();
            Value grouped = ChannelGroups.split(g, x, groups);
            Shape pairs = new Shape(s.n(), 1, groups, 2);
            Value saved = g.reshape(stats, pairs);
            Shape one = new Shape(s.n(), 1, groups, 1);
            Value mean = g.reshape(g.slice(saved, Axis.C, 0, 1), one);
            Value rstd = g.reshape(g.slice(saved, Axis.C, 1, 1), one);
            Value hat = g.multiply(g.subtract(grouped, mean), rstd);
            Value flatHat = g.reshape(hat, s);
            Value d = dy;
            if (silu) {
                Value normal = g.add(g.multiply(flatHat, gamma), beta);
                Value dNormal = g.temporary("dNormal", s);
                d = g.record(new Pointwise.UnaryBackward(normal, dy, UnaryFunction.SILU, dNormal), dNormal);
            }
            Set<Axis> pixels = EnumSet.of(Axis.N, Axis.H, Axis.W);
            g.accumulate(g.sum(g.multiply(d, flatHat), pixels), dGamma);
            g.accumulate(g.sum(d, pixels), dBeta);
            // dx = rstd · (dh − mean(dh) − hat · mean(dh · hat)), dh = d · gamma
            Value dHat = ChannelGroups.split(g, g.multiply(d, gamma), groups);
            Value inner = g.subtract(g.subtract(dHat, g.mean(dHat, ChannelGroups.AXES)), g.multiply(hat, g.mean(g.multiply(dHat, hat), ChannelGroups.AXES)));
            Value result = g.reshape(g.multiply(inner, rstd), s);
            return Optional.of(List.of(addend.isPresent() ? g.add(result, addend.get()) : result));
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of normalizations are not implemented");
        }
    }

    /**
     * Layer normalization over the channels of each pixel or token (Ba et al. 2016), or root-mean-square normalization if {@code rms} (Zhang &amp; Sennrich
     * 2019): x̂ = (x − mean)/√(variance + eps), or x/√(mean(x²) + eps); y = x̂ (· gamma) (+ beta), gamma and beta [1,1,1,c]. stats [n,h,w,2]: (mean, or
     * 0; 1/√(…)), kept for the reverse pass.
     */
    record LayerNorm(@Reads Value x, @Reads(WEIGHT) Optional<Value> gamma, @Reads(WEIGHT) Optional<Value> beta, float eps, boolean rms, @Writes Value y,
                     @Writes(STATISTIC) Value stats) implements Normalization {
        private static final Set<Axis> CHANNELS = EnumSet.of(Axis.C);

        @Override
        public String kind() {
            return rms ? "RmsNorm" : "LayerNorm";
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Value mean = g.mean(x, CHANNELS);
            if (rms) {
                mean = g.scale(mean, 0);
            }
            Value centered = rms ? x : g.subtract(x, mean);
            Value rstd = g.unary(g.affine(g.mean(g.unary(centered, UnaryFunction.SQUARE), CHANNELS), 1, eps), UnaryFunction.RSQRT);
            Value normal = g.multiply(centered, rstd);
            if (gamma.isPresent()) {
                normal = g.multiply(normal, gamma.get());
            }
            if (beta.isPresent()) {
                normal = g.add(normal, beta.get());
            }
            return Optional.of(List.of(normal, g.concat(mean, rstd, Axis.C)));
        }

        @Override
        public void reverse(Reverse r) {
            Value dy = r.gradientOf(y);
            Value dx = r.temporary("dx", x.shape());
            r.record(new LayerNormBackward(x, stats, gamma, dy, rms, dx, gamma.filter(r::needs).map(r::accumulator), beta.filter(r::needs).map(r::accumulator)));
            r.add(x, dx);
        }
    }

    /** Gradients of {@link LayerNorm}: dx is written, dGamma and dBeta accumulate. */
    record LayerNormBackward(@Reads Value x, @Reads(STATISTIC) Value stats, @Reads(WEIGHT) Optional<Value> gamma, @Reads Value dy, boolean rms,
                             @Writes Value dx, @Updates(WEIGHT) Optional<Value> dGamma, @Updates(WEIGHT) Optional<Value> dBeta) implements Normalization {
        @Override
        public String kind() {
            return rms ? "RmsNormBackward" : "LayerNormBackward";
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            Value rstd = g.slice(stats, Axis.C, 1, 1);
            Value hat = g.multiply(rms ? x : g.subtract(x, g.slice(stats, Axis.C, 0, 1)), rstd);
            Set<Axis> tokens = EnumSet.of(Axis.N, Axis.H, Axis.W);
            dGamma.ifPresent(d -> g.accumulate(g.sum(g.multiply(dy, hat), tokens), d));
            dBeta.ifPresent(d -> g.accumulate(g.sum(dy, tokens), d));
            Value dHat = gamma.isPresent() ? g.multiply(dy, gamma.get()) : dy;
            Value inner = rms ? dHat : g.subtract(dHat, g.mean(dHat, LayerNorm.CHANNELS));
            inner = g.subtract(inner, g.multiply(hat, g.mean(g.multiply(dHat, hat), LayerNorm.CHANNELS)));
            return Optional.of(List.of(g.multiply(inner, rstd)));
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of normalizations are not implemented");
        }
    }

    /** Methods that record normalizations. */
    interface Recording extends Recorder {
        /** Records {@link GroupNorm}, with SiLU fused if {@code silu}. */
        default Value groupNorm(Value x, Value gamma, Value beta, int groups, float eps, boolean silu) {
            Shape s = x.shape();
            check(groups > 0 && s.c() % groups == 0, "groupNorm", () -> s.c() + " channels cannot be split into " + groups + " groups (x=" + s + ")");
            same("groupNorm", "gamma", gamma.shape(), Shape.vector(s.c()));
            same("groupNorm", "beta", beta.shape(), Shape.vector(s.c()));
            Value y = temporary("y", s);
            Value stats = temporary("stats", Shape.features(s.n(), 2 * groups));
            return record(new GroupNorm(x, gamma, beta, groups, eps, silu, y, stats), y);
        }

        /** Records {@link LayerNorm}. */
        default Value layerNorm(Value x, Optional<Value> gamma, Optional<Value> beta, float eps) {
            return layerNorm("layerNorm", x, gamma, beta, eps, false);
        }

        /** Records {@link LayerNorm} by the root mean square. */
        default Value rmsNorm(Value x, Optional<Value> gamma, float eps) {
            return layerNorm("rmsNorm", x, gamma, Optional.empty(), eps, true);
        }

        private Value layerNorm(String op, Value x, Optional<Value> gamma, Optional<Value> beta, float eps, boolean rms) {
            Shape s = x.shape();
            gamma.ifPresent(v -> same(op, "gamma", v.shape(), Shape.vector(s.c())));
            beta.ifPresent(v -> same(op, "beta", v.shape(), Shape.vector(s.c())));
            Value y = temporary("y", s);
            Value stats = temporary("stats", s.withC(2));
            return record(new LayerNorm(x, gamma, beta, eps, rms, y, stats), y);
        }
    }
}
