package sirocco.cuda.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import sirocco.gpu.ConvShape;

/** Kernels' arguments that are structures, as {@link Launch} takes them. */
final class Structure {
    private Structure() { }

    /** Returns a structure of ints. */
    static byte[] of(int... fields) {
        ByteBuffer b = ByteBuffer.allocate(fields.length * Integer.BYTES).order(ByteOrder.nativeOrder());
        for (int i : fields) {
            b.putInt(i);
        }
        return b.array();
    }

    /** Returns a double. */
    static byte[] of(double number) {
        return ByteBuffer.allocate(Double.BYTES).order(ByteOrder.nativeOrder()).putDouble(number).array();
    }

    /** Returns {@code ConvShape} of conv_shape.cuh. */
    static byte[] of(ConvShape s) {
        return of(s.n(), s.h(), s.w(), s.c(), s.k(), s.r(), s.s(), s.oh(), s.ow(), s.stride(), s.top(), s.left());
    }
}
