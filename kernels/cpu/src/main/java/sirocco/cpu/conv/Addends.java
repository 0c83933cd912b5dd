package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Simd;
import sirocco.cpu.Slice;

/**
 * What a convolution adds to its result: a bias, a value per image and channel, a residual; each of them optional. One of these
 * belongs to a kernel, which binds the operands of a run to it.
 */
final class Addends {
    private final int channels;
    /** The bias filled up to a whole block, so that its last vector can be loaded; zeros if there is none. */
    private final float[] bias;
    private final View perChannel;
    private final View residual;
    private Slice perChannelAt;
    private Slice residualAt;

    /** @param perChannel, residual over the same images and pixels as the output; residual may be null */
    Addends(int channels, View perChannel, View residual) {
        this.channels = channels;
        this.perChannel = perChannel;
        this.residual = residual;
        bias = new float[(channels + BLOCK - 1) / BLOCK * BLOCK];
    }

    void bind(Slice biasAt, Slice perChannelAt, Slice residualAt) {
        if (residualAt != null && residual == null) {
            throw new IllegalArgumentException("convolution: a residual was given, but none was planned for; give its layout on construction");
        }
        if (biasAt != null) {
            System.arraycopy(biasAt.array(), biasAt.offset(), bias, 0, channels);
        } else {
            Arrays.fill(bias, 0f);
        }
        this.perChannelAt = perChannelAt;
        this.residualAt = residualAt;
    }

    /** Whether every pixel gets the same: {@link #bias}, which is zeros if there is none. */
    boolean onlyBias() {
        return perChannelAt == null && residualAt == null;
    }

    /** The bias filled up with zeros to whole blocks. */
    float[] bias() {
        return bias;
    }

    boolean hasResidual() {
        return residualAt != null;
    }

    float[] residualArray() {
        return residualAt.array();
    }

    /** Where the residual's pixel (y,x) of a block lies. */
    int residualAt(int image, int block, int y, int x) {
        return residualAt.offset() + residual.at(image, block, y, x);
    }

    int residualRow() {
        return residual.row();
    }

    /** Writes bias + perChannel of a block to 16 floats; only for values that repeat over an image's pixels. */
    void perImage(int image, int block, float[] out, int to) {
        for (int v = 0; v < BLOCK; v += LANES) {
            FloatVector sum = load(bias, block * BLOCK + v);
            if (perChannelAt != null) {
                sum = sum.add(load(perChannelAt.array(), perChannelAt.offset() + perChannel.at(image, block, 0, 0) + v));
            }
            sum.intoArray(out, to + v);
        }
    }

    /**
     * Writes the addends' sum to {@code count} pixels of a channel block.
     *
     * @param x the first pixel in the row
     * @param xStep from a pixel to the next one, in pixels
     * @param to where the first goes, {@code toStep} floats to the next
     */
    void fill(int image, int block, int y, int x, int xStep, int count, float[] out, int to, int toStep) {
        for (int v = 0; v < BLOCK; v += LANES) {
            FloatVector z = load(bias, block * BLOCK + v);
            for (int i = 0; i < count; i++) {
                z.intoArray(out, to + v + i * toStep);
            }
        }
        if (perChannelAt != null) {
            addRow(perChannelAt.array(), perChannelAt.offset() + perChannel.at(image, block, y, x), xStep * perChannel.pixel(), count,
                    out, to, toStep);
        }
        if (residualAt != null) {
            int from = residualAt.offset() + residual.at(image, block, y, x);
            if (residual.blocked()) {
                addRow(residualAt.array(), from, xStep * residual.pixel(), count, out, to, toStep);
            } else {
                addDense(residualAt.array(), from, xStep * residual.pixel(), count, out, to, toStep);
            }
        }
    }

    private static void addRow(float[] a, int from, int fromStep, int count, float[] out, int to, int toStep) {
        for (int i = 0; i < count; i++) {
            for (int v = 0; v < BLOCK; v += LANES) {
                FloatVector sum = FloatVector.fromArray(Simd.F, out, to + i * toStep + v).add(load(a, from + i * fromStep + v));
                sum.intoArray(out, to + i * toStep + v);
            }
        }
    }

    private void addDense(float[] a, int from, int fromStep, int count, float[] out, int to, int toStep) {
        for (int i = 0; i < count; i++) {
            for (int c = 0; c < channels; c++) {
                out[to + i * toStep + c] += a[from + i * fromStep + c];
            }
        }
    }
}
