package sirocco.cuda.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;

/** Sizes of a convolution, as kernels are given them: {@code ConvShape} in conv_shape.cuh. Input [n,h,w,c], weights [k,r,s,c], output [n,oh,ow,k]. */
public record ConvShape(int n, int h, int w, int c, int k, int r, int s, int oh, int ow, int stride, int top, int left) {
    public static ConvShape of(Value x, Value weights, Window window) {
        Shape xs = x.shape();
        Shape ws = weights.shape();
        return new ConvShape(xs.n(), xs.h(), xs.w(), xs.c(), ws.n(), ws.h(), ws.w(), window.outH(xs.h()), window.outW(xs.w()), window.stride(), window.top(),
                window.left());
    }

    /** Pixels of the output. */
    public int outputs() {
        return n * oh * ow;
    }

    /** Pixels of the input. */
    public int inputs() {
        return n * h * w;
    }

    /** Weights of one output channel. */
    public int depth() {
        return r * s * c;
    }

    /** The structure, for {@link Launch}. */
    public byte[] argument() {
        ByteBuffer b = ByteBuffer.allocate(12 * Integer.BYTES).order(ByteOrder.nativeOrder());
        for (int i : new int[] {n, h, w, c, k, r, s, oh, ow, stride, top, left}) {
            b.putInt(i);
        }
        return b.array();
    }
}
