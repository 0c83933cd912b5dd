package sirocco.cpu.noise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
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

    private static final int ELEMENTS = 4096;
    private static final float SCALE = 1 / 127.5f;

    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutTarget;
    private final int timesteps;
    private final boolean flip;
    private final Chunks chunks;
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
        final int[] words;
        final float[] epsilon;
        final float[] x0;
        final float[] xt;

        Scratch(int floats) {
            words = new int[floats];
            epsilon = new float[floats];
            x0 = new float[floats];
            xt = new float[floats];
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
        chunks = new Chunks(xt, ELEMENTS);
        scratch = new Scratch[workers.threads()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(NoiseVectors.groups(chunks.most() * xt.c()) * Philox.GROUP);
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
            mirrored(images, from, first, count, layoutX.w(), c, s.x0);
        } else {
            normalized(images, from + first * c, count * c, s.x0);
        }
        mix(s.x0, s.epsilon, s.xt, groups * Philox.GROUP, schedule[row], schedule[row + 1], schedule[row + 2], schedule[row + 3]);
        Pixels.store(s.xt, 0, xt, offsetXt, layoutX, image, first, count);
        Pixels.store(s.x0, 0, target, offsetTarget, layoutTarget, image, first, count);
    }

    private static void normalized(byte[] images, int from, int n, float[] x0) {
        for (int i = 0; i < n; i++) {
            x0[i] = (images[from + i] & 255) * SCALE - 1f;
        }
    }

    private static void mirrored(byte[] images, int from, int first, int count, int w, int c, float[] x0) {
        int x = first % w;
        int rowStart = from + (first - x) * c;
        for (int p = 0, to = 0; p < count; p++) {
            int source = rowStart + (w - 1 - x) * c;
            for (int channel = 0; channel < c; channel++) {
                x0[to++] = (images[source + channel] & 255) * SCALE - 1f;
            }
            if (++x == w) {
                x = 0;
                rowStart += w * c;
            }
        }
    }

    /** xt = a · x0 + s · epsilon and, in place of x0, the target te · epsilon + tx · x0. */
    private static void mix(float[] x0, float[] epsilon, float[] xt, int n, float a, float s, float te, float tx) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector x = FloatVector.fromArray(F, x0, i);
            FloatVector e = FloatVector.fromArray(F, epsilon, i);
            x.fma(FloatVector.broadcast(F, a), e.mul(s)).intoArray(xt, i);
            e.fma(FloatVector.broadcast(F, te), x.mul(tx)).intoArray(x0, i);
        }
    }
}
