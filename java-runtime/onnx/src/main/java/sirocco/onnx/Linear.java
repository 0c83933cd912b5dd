package sirocco.onnx;

import sirocco.api.Convolution;
import sirocco.api.Window;

/** Tells linear layers from convolutions: both are recorded as {@link Convolution.Conv2d}. */
final class Linear {
    private static final Window POINT = Window.same(1);

    private Linear() { }

    /** Returns whether a convolution is written as a matrix product: a 1×1 one of tokens or features. Those of images stay convolutions, in NCHW. */
    static boolean is(Convolution.Conv2d c) {
        return c.window().equals(POINT) && c.x().shape().h() == 1;
    }
}
