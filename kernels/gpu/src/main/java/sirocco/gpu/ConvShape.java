package sirocco.gpu;

import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** Sizes of a convolution: input [n,h,w,c], weights [k,r,s,c], output [n,oh,ow,k]; stride, and rows and columns of zeros above and to the left. */
public record ConvShape(int n, int h, int w, int c, int k, int r, int s, int oh, int ow, int stride, int top, int left) {
    public static ConvShape of(Value x, Value weights, Window window) {
        Shape xs = x.shape();
        Shape ws = weights.shape();
        return new ConvShape(xs.n(), xs.h(), xs.w(), xs.c(), ws.n(), ws.h(), ws.w(), window.outH(xs.h()), window.outW(xs.w()), window.stride(), window.top(),
                window.left());
    }

    /** Returns the number of output pixels. */
    public int outputs() {
        return n * oh * ow;
    }

    /** Returns the number of input pixels. */
    public int inputs() {
        return n * h * w;
    }

    /** Returns the number of weights of one output channel. */
    public int depth() {
        return r * s * c;
    }

    /** Returns the number of all weights. */
    public int weights() {
        return k * depth();
    }
}
