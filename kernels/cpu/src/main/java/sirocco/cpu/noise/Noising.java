package sirocco.cpu.noise;

import static sirocco.cpu.Simd.BITS;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.I;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import sirocco.api.Philox;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Chunks;
import sirocco.cpu.pointwise.Halo;
import sirocco.cpu.pointwise.Pixels;
import sirocco.cpu.pointwise.Shapes;

/**
 * The head of a training step: from images of bytes to what the model sees and what it should answer, noise included.
 *
 * <p>For image i, with (w0, w1, …) its TRAIN block: t = w0 · T / 2^32; x0 = u8 / 127.5 − 1, mirrored left to right if flipping is on and bit 0
 * of w1 is set; epsilon from stream NOISE; then x_t = a · x0 + s · epsilon (Ho et al., 2020, eq. 4, where a = sqrt(alphaBar_t) and
 * s = sqrt(1 − alphaBar_t)) and target = te · epsilon + tx · x0, which is epsilon, x0 or v as the schedule's row says.
 */
public final class Noising implements Workers.Task {
    /** Floats of a row of the schedule: a, s, te, tx, weight, and three unused. */
    public static final int ROW = 8;

    /** All that an item reads and writes stays in the first-level cache. */
    private static final int ELEMENTS = 2048;
    private static final float SCALE = 1 / 127.5f;
    /** Bytes for at least {@link sirocco.cpu.Simd#LANES} elements; there is no vector shorter than 64 bits. */
    private static final VectorSpecies<Byte> B = VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutTarget;
    private final int timesteps;
    private final boolean flip;
    private final boolean dense;
    private final Chunks chunks;
    /** Turns round the order of as many whole pixels as {@link #B} holds. */
    private final VectorShuffle<Byte> reverse;
    private final Scratch[] scratch;
    private byte[] images;
    private int[] rng;
    private int[] index;
    private float[] schedule;
    private float[] xt;
    private float[] target;
    private float[] t;
    private float[] weight;
    private int offsetImages;
    private int offsetRng;
    private int offsetIndex;
    private int offsetSchedule;
    private int offsetXt;
    private int offsetTarget;
    private int offsetT;
    private int offsetWeight;

    private static final class Scratch {
        final int[] block = new int[4];
        final byte[] pixels;
        final int[] words;
        final float[] epsilon;
        /** Where x_t and the target are not dense: to be stored from here. */
        final float[] xt;
        final float[] target;

        Scratch(int floats, boolean dense) {
            pixels = new byte[floats + B.length()];
            words = new int[floats];
            epsilon = new float[floats];
            xt = dense ? null : new float[floats];
            target = dense ? null : new float[floats];
        }
    }

    /**
     * @param xt layout of x_t
     * @param target layout of the target
     * @param timesteps T, rows of the schedule
     * @param flip whether images are mirrored at random
     */
    public Noising(Layout xt, Layout target, int timesteps, boolean flip, Workers workers) {
        Shapes.same(xt, target);
        this.workers = workers;
        this.timesteps = timesteps;
        this.flip = flip;
        layoutX = xt;
        layoutTarget = target;
        dense = !xt.blocked() && !target.blocked();
        chunks = new Chunks(xt, ELEMENTS);
        int c = xt.c();
        int some = B.length() / c * c;
        reverse = VectorShuffle.fromOp(B, lane -> lane < some ? some - c - lane / c * c + lane % c : lane);
        scratch = new Scratch[workers.threads()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(NoiseVectors.groups(chunks.most() * xt.c()) * Philox.GROUP, dense);
        }
    }

    /**
     * @param images [n,h,w,c] unsigned bytes, dense
     * @param rng seed low, seed high, step
     * @param index sample index of each image
     * @param schedule [T][{@link #ROW}]
     * @param t [n,1,1,1] receives the timesteps
     * @param weight [n,1,1,1] receives the loss weights
     */
    public void run(byte[] images, int offsetImages, int[] rng, int offsetRng, int[] index, int offsetIndex,
            float[] schedule, int offsetSchedule, float[] xt, int offsetXt, float[] target, int offsetTarget,
            float[] t, int offsetT, float[] weight, int offsetWeight) {
        this.images = images;
        this.offsetImages = offsetImages;
        this.rng = rng;
        this.offsetRng = offsetRng;
        this.index = index;
        this.offsetIndex = offsetIndex;
        this.schedule = schedule;
        this.offsetSchedule = offsetSchedule;
        this.xt = xt;
        this.offsetXt = offsetXt;
        this.target = target;
        this.offsetTarget = offsetTarget;
        this.t = t;
        this.offsetT = offsetT;
        this.weight = weight;
        this.offsetWeight = offsetWeight;
        workers.run(chunks.items(), this);
    }

    @Override
    public void run(int item, int worker) {
        Scratch s = scratch[worker];
        int image = chunks.image(item);
        int first = chunks.first(item);
        int count = chunks.count(item);
        int low = rng[offsetRng];
        int high = rng[offsetRng + 1];
        int step = rng[offsetRng + 2];
        int sample = index[offsetIndex + image];
        Philox.block((long) high << 32 | low & 0xFFFFFFFFL, 0, sample, step, Philox.TRAIN, s.block);
        int time = Philox.multiplyHigh(s.block[0], timesteps);
        int row = offsetSchedule + time * ROW;
        if (first == 0) {
            t[offsetT + image] = time;
            weight[offsetWeight + image] = schedule[row + 4];
            Halo.clear(xt, offsetXt, layoutX, image);
            Halo.clear(target, offsetTarget, layoutTarget, image);
        }
        int c = layoutX.c();
        int groups = NoiseVectors.groups(count * c);
        NoiseVectors.words(low, high, sample, step, Philox.NOISE, first * c / Philox.GROUP, groups, s.words);
        NoiseVectors.normals(s.words, groups, s.epsilon);
        int from = offsetImages + image * layoutX.h() * layoutX.w() * c;
        if (flip && (s.block[1] & 1) != 0) {
            mirrored(from, first, count, s.pixels);
        } else {
            System.arraycopy(images, from + first * c, s.pixels, 0, count * c);
        }
        int n = count * c;
        if (dense) {
            int at = (image * layoutX.h() * layoutX.w() + first) * c;
            mix(s.pixels, s.epsilon, xt, offsetXt + at, target, offsetTarget + at, n,
                    schedule[row], schedule[row + 1], schedule[row + 2], schedule[row + 3]);
        } else {
            mix(s.pixels, s.epsilon, s.xt, 0, s.target, 0, n, schedule[row], schedule[row + 1], schedule[row + 2], schedule[row + 3]);
            Pixels.store(s.xt, 0, xt, offsetXt, layoutX, image, first, count);
            Pixels.store(s.target, 0, target, offsetTarget, layoutTarget, image, first, count);
        }
    }

    /** Pixels {@code first} … {@code first + count − 1} of the mirrored image that starts at {@code from}. */
    private void mirrored(int from, int first, int count, byte[] out) {
        int w = layoutX.w();
        int c = layoutX.c();
        for (int p = first, run; p < first + count; p += run) {
            int x = p % w;
            run = Math.min(w - x, first + count - p);
            reversed(images, from + (p - x + w - x) * c, run, c, reverse, out, (p - first) * c);
        }
    }

    /** The {@code count} pixels that end before {@code end}, last one first. Up to a vector's length is written beyond them. */
    private static void reversed(byte[] in, int end, int count, int c, VectorShuffle<Byte> reverse, byte[] out, int to) {
        int some = B.length() / c;
        int p = 0;
        if (some > 1) {
            // The last vector may reach before the row, but not before the array.
            for (int at = end - some * c; p < count && at >= 0 && at + B.length() <= in.length; p += some, at -= some * c) {
                ByteVector.fromArray(B, in, at).rearrange(reverse).intoArray(out, to + p * c);
            }
        }
        for (; p < count; p++) {
            for (int channel = 0; channel < c; channel++) {
                out[to + p * c + channel] = in[end - (p + 1) * c + channel];
            }
        }
    }

    /** x0 = u8 / 127.5 − 1; xt = a · x0 + s · epsilon; target = te · epsilon + tx · x0. */
    private static void mix(byte[] u8, float[] epsilon, float[] xt, int i, float[] target, int j, int n, float a, float s, float te, float tx) {
        int whole = F.loopBound(n);
        for (int e = 0; e < whole; e += LANES) {
            FloatVector x = (FloatVector) ByteVector.fromArray(B, u8, e).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0)
                    .convertShape(VectorOperators.I2F, F, 0);
            x = x.fma(FloatVector.broadcast(F, SCALE), FloatVector.broadcast(F, -1f));
            FloatVector noise = FloatVector.fromArray(F, epsilon, e);
            x.fma(FloatVector.broadcast(F, a), noise.mul(s)).intoArray(xt, i + e);
            noise.fma(FloatVector.broadcast(F, te), x.mul(tx)).intoArray(target, j + e);
        }
        for (int e = whole; e < n; e++) {
            float x = (u8[e] & 255) * SCALE - 1f;
            xt[i + e] = a * x + s * epsilon[e];
            target[j + e] = te * epsilon[e] + tx * x;
        }
    }
}
