package sirocco.cuda.kernel;

import java.util.Arrays;
import java.util.stream.IntStream;
import sirocco.gpu.ConvShape;

/**
 * A kernel's argument: a dense bf16 tensor, and the boxes of it that are copied at a time ({@code TensorMap} in tma.cuh). Dimensions begin with
 * the innermost.
 *
 * @param address on the device
 * @param sizes of the tensor
 * @param box elements that a box spans
 * @param steps from one element that is taken to the next
 */
public record TensorMap(long address, long[] sizes, int[] box, int[] steps) {
    /** Channels in a row of a box: 128 bytes, which is what is swizzled. */
    private static final int CHANNELS = 64;

    /** Images [n,h,w,c], by boxes of pixels of which every {@code stride}-th is taken, across and down. */
    static TensorMap images(long address, int n, int h, int w, int c, PixelBox box, int stride) {
        return new TensorMap(address, new long[] {c, w, h, n}, new int[] {CHANNELS, box.width() * stride, box.height() * stride, box.images()},
                new int[] {1, stride, stride, 1});
    }

    /** Weights [k,r,s,c], by boxes of so many output channels at one tap. */
    static TensorMap weights(long address, ConvShape s, int outputs) {
        return new TensorMap(address, new long[] {s.c(), (long) s.r() * s.s(), s.k()}, new int[] {CHANNELS, 1, outputs}, new int[] {1, 1, 1});
    }

    /** Bytes from one element to the next, of each dimension but the innermost. */
    public long[] strides() {
        long[] bytes = new long[sizes.length - 1];
        Arrays.setAll(bytes, i -> IntStream.rangeClosed(0, i).mapToLong(d -> sizes[d]).reduce(Storage.BF16.bytes(), Math::multiplyExact));
        return bytes;
    }
}
