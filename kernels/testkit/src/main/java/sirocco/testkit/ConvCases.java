package sirocco.testkit;

import java.util.List;
import java.util.Optional;
import sirocco.api.Convolution;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** Convolutions: each shape forward, backward to the data and backward to the weights. */
final class ConvCases {
    private ConvCases() { }

    /** x and the number of output channels. */
    private record Size(Shape x, int k) { }

    private static Size size(int n, int h, int w, int c, int k) {
        return new Size(new Shape(n, h, w, c), k);
    }

    private static final List<Size> SAME_3 = List.of(size(1, 1, 1, 1, 1), size(1, 4, 4, 3, 16), size(2, 5, 7, 3, 20), size(3, 8, 8, 16, 16),
            size(2, 8, 8, 20, 32), size(1, 16, 16, 32, 32), size(2, 7, 5, 32, 20), size(5, 16, 16, 3, 32), size(1, 8, 8, 96, 32),
            size(2, 8, 8, 32, 96), size(4, 16, 16, 16, 3), size(3, 1, 8, 16, 16), size(2, 8, 1, 16, 16), size(1, 9, 11, 17, 33),
            size(2, 32, 32, 16, 16), size(1, 5, 5, 96, 96), size(1, 12, 20, 48, 16), size(2, 10, 6, 64, 64));

    private static final List<Size> POINTWISE = List.of(size(3, 1, 1, 96, 20), size(1, 1, 1, 1, 1), size(5, 1, 1, 16, 96), size(2, 4, 4, 32, 96),
            size(2, 7, 5, 20, 3), size(1, 16, 16, 96, 32), size(5, 1, 1, 33, 17), size(2, 8, 8, 3, 16));

    private static final List<Size> SAME_5 = List.of(size(2, 8, 8, 16, 16), size(1, 5, 7, 3, 20), size(1, 4, 4, 1, 1), size(1, 1, 4, 20, 3));

    private static final List<Size> STRIDED = List.of(size(2, 8, 8, 16, 16), size(1, 5, 5, 20, 32), size(3, 16, 16, 32, 32), size(1, 7, 8, 3, 16),
            size(1, 4, 5, 96, 1));

    /** Windows that are not symmetric, that leave input pixels unread, or whose padding is beyond the kernel. */
    private static final List<Window> ODD = List.of(Window.padded(3, 2, 1), Window.padded(1, 2, 0), Window.padded(4, 4, 0), Window.padded(1, 3, 0),
            new Window(3, 3, 1, 0, 2, 2, 0), new Window(3, 3, 1, 2, 1, 0, 1), new Window(1, 3, 1, 0, 1, 0, 1), new Window(3, 1, 1, 1, 0, 1, 0),
            new Window(2, 2, 1, 0, 0, 1, 1), Window.padded(3, 1, 0), Window.padded(3, 1, 3), new Window(5, 3, 2, 2, 1, 2, 1));

    static void addTo(List<OpCase> cases) {
        int options = 0;
        for (Size s : SAME_3) {
            add(cases, s, Window.same(3), options++);
        }
        for (Size s : POINTWISE) {
            add(cases, s, Window.same(1), options++);
        }
        for (Size s : SAME_5) {
            add(cases, s, Window.same(5), options++);
        }
        for (Size s : STRIDED) {
            add(cases, s, Window.down(), options++);
        }
        add(cases, size(2, 4, 6, 64, 128), Window.down(), 7); // few pixels, and a depth that is worth dividing, whatever the pass
        for (Window w : ODD) {
            add(cases, size(2, 8, 8, 16, 20), w, options++);
            add(cases, size(1, 5, 7, 3, 16), w, options++);
        }
        for (Window w : ODD) { // both numbers of channels whole vectors
            add(cases, size(3, 9, 6, 24, 8), w, options++);
        }
        for (int o = 0; o < 8; o++) {
            cases.add(forward(size(2, 8, 8, 32, 32), Window.same(3), o));
            cases.add(forward(size(2, 5, 7, 20, 3), Window.same(1), o));
        }
        cases.add(gradient(size(2, 4, 5, 3, 4), Window.same(3), 7));
        cases.add(gradient(size(1, 5, 5, 2, 3), Window.down(), 1));
        cases.add(gradient(size(1, 4, 6, 2, 2), new Window(3, 2, 1, 0, 2, 2, 0), 3));
        cases.add(gradient(size(1, 5, 5, 2, 3), Window.padded(1, 2, 0), 0));
        cases.add(gradient(size(1, 6, 4, 2, 2), Window.same(5), 5));
        cases.add(gradient(size(4, 1, 1, 5, 3), Window.same(1), 6));
        cases.add(resultOfOneConvolutionUsedTwice());
    }

    private static void add(List<OpCase> cases, Size s, Window window, int options) {
        cases.add(forward(s, window, options));
        cases.add(backwardData(s, window));
        cases.add(backwardWeights(s, window, options % 2 == 0));
    }

    private static Shape weights(Size s, Window window) {
        return new Shape(s.k, window.kernelH(), window.kernelW(), s.x.c());
    }

    private static Shape output(Size s, Window window) {
        return new Shape(s.x.n(), window.outH(s.x.h()), window.outW(s.x.w()), s.k);
    }

    private static String name(String op, Size s, Window window, String options) {
        return op + " " + window + " x" + s.x + " k" + s.k + options;
    }

    private static String optionNames(int options) {
        return ((options & 1) != 0 ? " bias" : "") + ((options & 2) != 0 ? " perChannel" : "") + ((options & 4) != 0 ? " residual" : "");
    }

    /** @param options bit 0: bias, 1: perChannel, 2: residual */
    private static OpCase forward(Size s, Window window, int options) {
        return OpCase.of(name("Conv2d", s, window, optionNames(options)), c -> {
            Value x = c.input("x", s.x);
            Value y = convolve(c, x, s, window, options);
            c.result(y, Tolerance.convolution(weights(s, window).imageElements(), 1));
        });
    }

    private static Value convolve(CaseBuilder c, Value x, Size s, Window window, int options) {
        Shape y = output(s, window);
        Value w = c.parameter("w", weights(s, window));
        Optional<Value> bias = (options & 1) != 0 ? Optional.of(c.parameter("bias", Shape.vector(s.k), CaseBuilder.normal(0, 1))) : Optional.empty();
        Optional<Value> perChannel = (options & 2) != 0 ? Optional.of(c.activation("perChannel", Shape.features(y.n(), s.k))) : Optional.empty();
        Optional<Value> residual = (options & 4) != 0 ? Optional.of(c.input("residual", y)) : Optional.empty();
        return c.g.in("conv", () -> c.g.conv2d(x, w, bias, perChannel, residual, window));
    }

    private static OpCase backwardData(Size s, Window window) {
        return OpCase.of(name("Conv2dBackwardData", s, window, ""), c -> {
            Value dy = c.input("dy", output(s, window));
            Value w = c.parameter("w", weights(s, window));
            Value dx = c.temporary("dx", s.x);
            c.op(new Convolution.Conv2dBackwardData(dy, w, window, dx));
            long terms = (long) s.k * window.kernelH() * window.kernelW();
            c.result(dx, Tolerance.convolution(terms, Math.sqrt((double) s.k / s.x.c())));
        });
    }

    private static OpCase backwardWeights(Size s, Window window, boolean bias) {
        return OpCase.of(name("Conv2dBackwardWeights", s, window, bias ? " dBias" : ""), c -> {
            Shape y = output(s, window);
            Value x = c.input("x", s.x);
            Value dy = c.input("dy", y);
            Value dw = c.state("dw", weights(s, window));
            Optional<Value> dBias = bias ? Optional.of(c.state("dBias", Shape.vector(s.k))) : Optional.empty();
            c.op(new Convolution.Conv2dBackwardWeights(x, dy, window, dw, dBias));
            long terms = (long) y.n() * y.h() * y.w();
            c.result(dw, Tolerance.convolution(terms, Math.sqrt(terms)));
            dBias.ifPresent(d -> c.result(d, Tolerance.sum(terms, Math.sqrt(terms))));
        });
    }

    private static OpCase gradient(Size s, Window window, int options) {
        return OpCase.of(name("gradients of Conv2d", s, window, optionNames(options)), c -> {
            Value x = c.activation("x", s.x);
            c.train(convolve(c, x, s, window, options));
        });
    }

    /** Its gradient is the sum of two, one of them by the residual. */
    private static OpCase resultOfOneConvolutionUsedTwice() {
        return OpCase.of("gradients of Conv2d whose input is its residual", c -> {
            Value x = c.activation("x", new Shape(2, 3, 4, 3));
            Value w = c.parameter("w", new Shape(3, 3, 3, 3));
            c.train(c.g.in("conv", () -> c.g.conv2d(x, w, Optional.empty(), Optional.empty(), Optional.of(x), Window.same(3))));
        });
    }
}
