package sirocco.api;

import static sirocco.api.OperandRole.WEIGHT;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;

/** Two-dimensional convolutions. A linear layer is the 1×1 case. */
public sealed interface Convolution extends Op {
    /**
     * y = x ⋆ w (+ bias) (+ perChannel) (+ residual). x [n,h,w,c], w [k,r,s,c], bias [1,1,1,k], perChannel [n,1,1,k] added to every
     * pixel of an image, residual and y [n,h',w',k]. Primitive without the three addends.
     */
    record Conv2d(@Reads Value x, @Reads(WEIGHT) Value w, @Reads(WEIGHT) Optional<Value> bias, @Reads Optional<Value> perChannel,
                  @Reads Optional<Value> residual, Window window, @Writes Value y) implements Convolution {
        @Override
        public long flops() {
            return 2 * y.shape().elements() * w.shape().imageElements();
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            if (bias.isEmpty() && perChannel.isEmpty() && residual.isEmpty()) {
                return Optional.empty();
            }
            Value sum = g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.empty(), window);
            for (Optional<Value> addend : List.of(bias, perChannel, residual)) {
                if (addend.isPresent()) {
                    sum = g.add(sum, addend.get());
                }
            }
            return Optional.of(List.of(sum));
        }

        @Override
        public void reverse(Reverse r) {
            Value dy = r.gradientOf(y);
            residual.ifPresent(v -> r.add(v, dy));
            perChannel.filter(r::needs).ifPresent(p -> {
                Value dp = r.temporary("dPerChannel", p.shape());
                r.record(new Reduction.Reduce(dy, Reduction.Function.SUM, EnumSet.of(Axis.H, Axis.W), dp));
                r.add(p, dp);
            });
            Optional<Value> trainedBias = bias.filter(r::needs);
            if (r.needs(w)) {
                r.record(new Conv2dBackwardWeights(x, dy, window, r.accumulator(w), trainedBias.map(r::accumulator)));
            } else {
                trainedBias.ifPresent(b -> r.add(b, r.recording(g -> g.sum(dy, EnumSet.of(Axis.N, Axis.H, Axis.W)))));
            }
            if (r.needs(x)) {
                Value dx = r.temporary("dx", x.shape());
                r.record(new Conv2dBackwardData(dy, w, window, dx));
                r.add(x, dx);
            }
        }
    }

    /** dx = the gradient of {@link Conv2d} with respect to x, given dy. Primitive. */
    record Conv2dBackwardData(@Reads Value dy, @Reads(WEIGHT) Value w, Window window, @Writes Value dx) implements Convolution {
        @Override
        public long flops() {
            return 2 * dy.shape().elements() * w.shape().imageElements();
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of convolutions are not implemented");
        }
    }

    /** dw += the gradient with respect to w; dBias += the sum of dy over images and pixels. Primitive without dBias. */
    record Conv2dBackwardWeights(@Reads Value x, @Reads Value dy, Window window, @Updates(WEIGHT) Value dw, @Updates(WEIGHT) Optional<Value> dBias)
            implements Convolution {
        @Override
        public long flops() {
            return 2 * dy.shape().elements() * dw.shape().imageElements();
        }

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            if (dBias.isEmpty()) {
                return Optional.empty();
            }
            g.record(new Conv2dBackwardWeights(x, dy, window, dw, Optional.empty()), null);
            g.accumulate(g.sum(dy, EnumSet.of(Axis.N, Axis.H, Axis.W)), dBias.get());
            return Optional.of(List.of());
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "second derivatives of convolutions are not implemented");
        }
    }

    /** Methods that record convolutions. */
    interface Recording extends Recorder {
        /**
         * Records {@link Conv2d}.
         *
         * @param x F32 [n,h,w,c]
         * @param w F32 [k,r,s,c]
         * @param bias F32 [1,1,1,k]
         * @param perChannel F32 [n,1,1,k], added to every pixel of an image
         * @param residual F32 [n,h',w',k]
         * @return F32 [n,h',w',k]
         */
        default Value conv2d(Value x, Value w, Optional<Value> bias, Optional<Value> perChannel, Optional<Value> residual, Window window) {
            Shape xs = x.shape();
            Shape ws = w.shape();
            check(xs.c() == ws.c(), "conv2d", () -> "input has " + xs.c() + " channels, weight expects " + ws.c() + " (x=" + xs + ", w=" + ws + ")");
            check(ws.h() == window.kernelH() && ws.w() == window.kernelW(), "conv2d", () -> "weight " + ws + " does not fit window " + window);
            check(window.outH(xs.h()) > 0 && window.outW(xs.w()) > 0, "conv2d", () -> "window " + window + " leaves no output of x=" + xs);
            Shape ys = new Shape(xs.n(), window.outH(xs.h()), window.outW(xs.w()), ws.n());
            bias.ifPresent(b -> same("conv2d", "bias", b.shape(), Shape.vector(ws.n())));
            perChannel.ifPresent(p -> same("conv2d", "perChannel", p.shape(), Shape.features(xs.n(), ws.n())));
            residual.ifPresent(r -> same("conv2d", "residual", r.shape(), ys));
            Value y = temporary("y", ys);
            return record(new Conv2d(x, w, bias, perChannel, residual, window, y), y);
        }
    }
}
