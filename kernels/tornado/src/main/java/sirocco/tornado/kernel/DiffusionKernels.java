package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Diffusion;
import sirocco.api.Philox;
import sirocco.api.Shape;
import sirocco.gpu.FaultMessages;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The forward process and steps of sampling, with their noise drawn inside: a work item has a block of noise, four elements that lie 16 apart, all
 * read before the first is written. No local memory.
 */
final class DiffusionKernels {
    /** A row of the schedule: xt = a·x₀ + s·ε, target = e·ε + d·x₀, and the loss' weight. */
    private static final int SCHEDULE_ROW = 8;
    private static final int A = 0;
    private static final int S = 1;
    private static final int E = 2;
    private static final int D = 3;
    private static final int WEIGHT = 4;

    /** A row of the sampling table, its columns named as in {@link Diffusion.SamplingStep}; the timestep, first, is for {@link Diffusion.Lookup}. */
    private static final int TABLE_ROW = 12;
    private static final int KX = 1;
    private static final int KO = 2;
    private static final int CLIP = 3;
    private static final int CX = 4;
    private static final int C0 = 5;
    private static final int CO = 6;
    private static final int C1 = 7;
    private static final int C2 = 8;
    private static final int SIGMA = 9;

    private DiffusionKernels() { }

    static Kernel of(Diffusion.Noising op) {
        Shape s = op.images().shape();
        int elements = (int) s.imageElements();
        int timesteps = op.schedule().shape().n();
        int flip = op.flip() ? 1 : 0;
        return Kernel.of(p -> List.of(Launch.noise("noising", new int[] {p.at(op.images()), p.at(op.schedule()), p.at(op.rng()), p.at(op.index()), p.at(op.xt()),
                p.at(op.target()), p.at(op.t()), p.at(op.weight())}, s.n(), elements,
                (g, id, c, m, w, at) -> g.task(id, DiffusionKernels::noising, c, m, w, at, elements, s.w(), s.c(), timesteps, flip))));
    }

    /**
     * Group y is the image; a work item has a block of noise. Reads a byte, writes 8 bytes an element; each work item finds its image's timestep anew,
     * which is one block of noise more.
     *
     * <p>at: images U8, schedule [timesteps, 8], rng, index, xt, target, t, weight
     */
    static void noising(KernelContext c, FloatArray m, IntArray w, IntArray at, int elements, int width, int channels, int timesteps, int mayFlip) {
        int images = at.get(0);
        int rng = at.get(2);
        int xt = at.get(4);
        int target = at.get(5);
        int block = c.globalIdx;
        int image = c.groupIdy;
        int low = w.get(rng + Noise.SEED_LOW);
        int high = w.get(rng + Noise.SEED_HIGH);
        int step = w.get(rng + Noise.STEP);
        int sample = w.get(at.get(3) + image);
        int[] words = new int[Noise.WORDS];
        float[] x0 = new float[Noise.WORDS];
        float[] epsilon = new float[Noise.WORDS];

        Noise.block(words, low, high, 0, sample, step, Philox.TRAIN);
        int timestep = Noise.scaled(words[0], timesteps);
        int flipped = mayFlip & words[1];
        int row = at.get(1) + SCHEDULE_ROW * timestep;
        float a = m.get(row + A);
        float s = m.get(row + S);
        float e = m.get(row + E);
        float d = m.get(row + D);
        for (int j = 0; j < Noise.WORDS; j++) {
            x0[j] = pixel(w, images, image * elements + source(Noise.read(block, j, elements), width, channels, flipped));
        }
        Noise.block(words, low, high, block, sample, step, Philox.NOISE);
        Noise.normals(epsilon, words);

        if (block == 0) {
            float weight = m.get(row + WEIGHT);
            m.set(at.get(6) + image, timestep);
            m.set(at.get(7) + image, weight);
        }
        for (int j = 0; j < Noise.WORDS; j++) {
            int element = Noise.element(block, j);
            if (element < elements) {
                m.set(xt + image * elements + element, a * x0[j] + s * epsilon[j]);
                m.set(target + image * elements + element, e * epsilon[j] + d * x0[j]);
            }
        }
    }

    /** Pixel number {@code i} of images, in [−1,1]. */
    static float pixel(IntArray w, int images, int i) {
        int pixels = w.get(images + i / 4);
        float pixel = pixels >> 8 * (i & 3) & 0xFF;
        return pixel * (1 / 127.5f) - 1;
    }

    /** Which element of an image is shown at {@code element}; {@code flipped}: its lowest bit says whether the image is mirrored. */
    static int source(int element, int width, int channels, int flipped) {
        int from = element;
        if ((flipped & 1) == 1) {
            int pixel = element / channels;
            int line = pixel / width;
            from = (line * width + width - 1 - (pixel - line * width)) * channels + element - pixel * channels;
        }
        return from;
    }

    /** The step, and then the cursor, when every work item has read it. */
    static Kernel of(Diffusion.SamplingStep op) {
        Shape s = op.x().shape();
        int elements = (int) s.imageElements();
        int rows = op.table().shape().n();
        return Kernel.of(p -> List.of(
                Launch.noise("samplingStep", new int[] {p.at(op.out()), p.at(op.table()), p.at(op.rng()), p.at(op.index()), p.at(op.x()), p.at(op.h1()),
                        p.at(op.h2()), p.at(op.cursor())}, s.n(), elements,
                        (g, id, c, m, w, at) -> g.task(id, DiffusionKernels::samplingStep, c, m, w, at, elements, rows)),
                Launch.items("advanceCursor", new int[] {p.at(op.cursor()), p.fault(), p.faultCode()}, 1,
                        (g, id, c, m, w, at) -> g.task(id, DiffusionKernels::advanceCursor, c, m, w, at, rows))))
                .withFault(FaultMessages.cursorOutside(op.table()));
    }

    /**
     * Group y is the image; a work item has a block of noise. Reads x and out, writes x: 12 bytes an element, 28 with a history.
     *
     * <p>at: out, table [rows, 12], rng, index, x, h1, h2, cursor
     */
    static void samplingStep(KernelContext c, FloatArray m, IntArray w, IntArray at, int elements, int rows) {
        int fromOut = at.get(0);
        int rng = at.get(2);
        int place = at.get(4);
        int place1 = at.get(5);
        int place2 = at.get(6);
        int block = c.globalIdx;
        int image = c.groupIdy;
        int cursor = w.get(at.get(7));
        if (cursor >= 0 && cursor < rows) {
            int row = at.get(1) + TABLE_ROW * cursor;
            float kx = m.get(row + KX);
            float ko = m.get(row + KO);
            float clip = m.get(row + CLIP);
            float cx = m.get(row + CX);
            float c0 = m.get(row + C0);
            float co = m.get(row + CO);
            float c1 = m.get(row + C1);
            float c2 = m.get(row + C2);
            float sigma = m.get(row + SIGMA);
            float[] x = new float[Noise.WORDS];
            float[] out = new float[Noise.WORDS];
            float[] h1 = new float[Noise.WORDS];
            float[] h2 = new float[Noise.WORDS];
            for (int j = 0; j < Noise.WORDS; j++) {
                int i = image * elements + Noise.element(block, j);
                float ownX = 0;
                float ownOut = 0;
                float own1 = 0;
                float own2 = 0;
                if (Noise.element(block, j) < elements) { // and no other, which may be written meanwhile
                    ownX = m.get(place + i);
                    ownOut = m.get(fromOut + i);
                    if (place1 >= 0) {
                        own1 = m.get(place1 + i);
                        own2 = m.get(place2 + i);
                    }
                }
                x[j] = ownX;
                out[j] = ownOut;
                h1[j] = own1;
                h2[j] = own2;
            }
            int[] words = new int[Noise.WORDS];
            float[] z = new float[Noise.WORDS];
            Noise.block(words, w.get(rng + Noise.SEED_LOW), w.get(rng + Noise.SEED_HIGH), block, w.get(at.get(3) + image), cursor, Philox.SAMPLING);
            Noise.normals(z, words);

            for (int j = 0; j < Noise.WORDS; j++) {
                int i = image * elements + Noise.element(block, j);
                if (Noise.element(block, j) < elements) {
                    float x0 = kx * x[j] + ko * out[j];
                    if (x0 > clip) { // not by min and max, so that a NaN stays one
                        x0 = clip;
                    }
                    if (x0 < -clip) {
                        x0 = -clip;
                    }
                    float next = cx * x[j] + c0 * x0 + co * out[j] + sigma * z[j];
                    if (place1 >= 0) {
                        next += c1 * h1[j] + c2 * h2[j];
                        m.set(place2 + i, h1[j]);
                        m.set(place1 + i, x0);
                    }
                    m.set(place + i, next);
                }
            }
        }
    }

    /** One work item reads the cursor and writes it. at: cursor, fault, code */
    static void advanceCursor(KernelContext c, FloatArray m, IntArray w, IntArray at, int rows) {
        if (c.globalIdx == 0) {
            int cursor = w.get(at.get(0));
            if (cursor >= 0 && cursor < rows) {
                w.set(at.get(0), cursor + 1);
            } else {
                Faults.report(w, at.get(1), at.get(2), cursor);
            }
        }
    }
}
