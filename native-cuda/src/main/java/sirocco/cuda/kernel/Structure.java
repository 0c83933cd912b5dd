package sirocco.cuda.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import sirocco.api.Shape;
import sirocco.gpu.Box;
import sirocco.gpu.ConvShape;
import sirocco.gpu.MatMulShape;

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

    /** Returns {@code Shape} of matmul.cu. */
    static byte[] of(MatMulShape s) {
        return of(s.rows(), s.columns(), s.depth(), s.heads(), s.batches(), s.aRow(), s.aDepth(), s.aImage(), s.aHead(), s.bDepth(), s.bColumn(), s.bImage(),
                s.bHead());
    }

    /** Returns {@code Box} of move.cu. */
    static byte[] of(Box b) {
        Shape s = b.shape();
        int[] x = b.x();
        int[] size = b.size();
        int[] y = b.y();
        return of(s.h(), s.w(), s.c(), b.from(), x[0], x[1], x[2], x[3], size[0], size[1], size[2], size[3], b.to(), y[0], y[1], y[2], y[3]);
    }
}
