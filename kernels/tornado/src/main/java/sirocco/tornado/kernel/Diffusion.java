package sirocco.tornado.kernel;

import java.util.List;
import java.util.function.IntFunction;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The forward process and steps of sampling, with their noise drawn inside: a work item has a block of noise, four elements that lie 16 apart. */
final class Diffusion {
    private Diffusion() { }

    static Kernel of(Op.Noising op) {
        Shape s = op.images().shape();
        int elements = (int) s.imageElements();
        int timesteps = op.schedule().shape().n();
        int flip = op.flip() ? 1 : 0;
        return Kernel.of(p -> List.of(Launch.groups("noising", new int[] {p.at(op.images()), p.at(op.schedule()), p.at(op.rng()), p.at(op.index()), p.at(op.xt()),
                p.at(op.target()), p.at(op.t()), p.at(op.weight())}, Launch.ceilDiv(Noise.blocks(elements), Launch.GROUP), s.n(), 1, Launch.GROUP,
                (g, id, c, m, w, at) -> g.task(id, Diffusion::noising, c, m, w, at, elements, s.w(), s.c(), timesteps, flip))));
    }

    /**
     * Group y is the image. Reads a byte, writes 8 bytes an element; each work item finds its image's timestep anew, which is one block of noise more.
     *
     * <p>at: images U8, schedule [timesteps, 8], rng, index, xt, target, t, weight
     */
    static void noising(KernelContext c, FloatArray m, IntArray w, IntArray at, int elements, int width, int channels, int timesteps, int mayFlip) {
        int block = c.globalIdx;
        int image = c.groupIdy;
        int low = w.get(at.get(2));
        int high = w.get(at.get(2) + 1);
        int step = w.get(at.get(2) + 2);
        int sample = w.get(at.get(3) + image);
        int[] words = new int[Noise.WORDS];
        Noise.block(words, low, high, 0, sample, step, Noise.TRAIN);
        int timestep = Noise.scaled(words[0], timesteps);
        int flipped = mayFlip & words[1];
        int row = at.get(1) + 8 * timestep;
        if (block == 0) {
            m.set(at.get(6) + image, timestep);
            m.set(at.get(7) + image, m.get(row + 4));
        }
        Noise.block(words, low, high, block, sample, step, Noise.NOISE);
        float r0 = Noise.radius(words[0]);
        float a0 = Noise.angle(words[1]);
        float r1 = Noise.radius(words[2]);
        float a1 = Noise.angle(words[3]);
        noise(m, w, at, row, image * elements, Noise.element(block, 0), elements, width, channels, flipped, r0 * TornadoMath.cospi(a0));
        noise(m, w, at, row, image * elements, Noise.element(block, 1), elements, width, channels, flipped, r0 * TornadoMath.sinpi(a0));
        noise(m, w, at, row, image * elements, Noise.element(block, 2), elements, width, channels, flipped, r1 * TornadoMath.cospi(a1));
        noise(m, w, at, row, image * elements, Noise.element(block, 3), elements, width, channels, flipped, r1 * TornadoMath.sinpi(a1));
    }

    /** One element: xt = a·x₀ + s·ε, target = e·ε + d·x₀ with (a, s, e, d) at {@code row}. */
    private static void noise(FloatArray m, IntArray w, IntArray at, int row, int first, int element, int elements, int width, int channels, int flipped, float epsilon) {
        if (element < elements) {
            int from = element;
            if (flipped == 1) {
                int pixel = element / channels;
                int line = pixel / width;
                from = (line * width + width - 1 - (pixel - line * width)) * channels + element - pixel * channels;
            }
            int i = first + from;
            int pixels = w.get(at.get(0) + i / 4);
            float pixel = pixels >> 8 * (i & 3) & 0xFF;
            float x0 = pixel * (1 / 127.5f) - 1;
            m.set(at.get(4) + first + element, m.get(row) * x0 + m.get(row + 1) * epsilon);
            m.set(at.get(5) + first + element, m.get(row + 2) * epsilon + m.get(row + 3) * x0);
        }
    }

    /** The step, and then the cursor, when every work item has read it. */
    static Kernel of(Op.SamplingStep op) {
        Shape s = op.x().shape();
        int elements = (int) s.imageElements();
        int rows = op.table().shape().n();
        return Kernel.of(p -> List.of(
                Launch.groups("samplingStep", new int[] {p.at(op.out()), p.at(op.table()), p.at(op.rng()), p.at(op.index()), p.at(op.x()), p.at(op.h1()),
                        p.at(op.h2()), p.at(op.cursor())}, Launch.ceilDiv(Noise.blocks(elements), Launch.GROUP), s.n(), 1, Launch.GROUP,
                        (g, id, c, m, w, at) -> g.task(id, Diffusion::samplingStep, c, m, w, at, elements, rows)),
                Launch.items("advanceCursor", new int[] {p.at(op.cursor()), p.fault(), p.faultCode()}, 1,
                        (g, id, c, m, w, at) -> g.task(id, Diffusion::advanceCursor, c, m, w, at, rows))))
                .withFault(badCursor(op.table()));
    }

    /**
     * Group y is the image. Reads x and out, writes x; with a history two more each.
     *
     * <p>at: out, table [rows, 12], rng, index, x, h1, h2, cursor
     */
    static void samplingStep(KernelContext c, FloatArray m, IntArray w, IntArray at, int elements, int rows) {
        int block = c.globalIdx;
        int image = c.groupIdy;
        int cursor = w.get(at.get(7));
        if (cursor >= 0 && cursor < rows) {
            int row = at.get(1) + 12 * cursor;
            int[] words = new int[Noise.WORDS];
            Noise.block(words, w.get(at.get(2)), w.get(at.get(2) + 1), block, w.get(at.get(3) + image), cursor, Noise.SAMPLING);
            float r0 = Noise.radius(words[0]);
            float a0 = Noise.angle(words[1]);
            float r1 = Noise.radius(words[2]);
            float a1 = Noise.angle(words[3]);
            step(m, at, row, image * elements, Noise.element(block, 0), elements, r0 * TornadoMath.cospi(a0));
            step(m, at, row, image * elements, Noise.element(block, 1), elements, r0 * TornadoMath.sinpi(a0));
            step(m, at, row, image * elements, Noise.element(block, 2), elements, r1 * TornadoMath.cospi(a1));
            step(m, at, row, image * elements, Noise.element(block, 3), elements, r1 * TornadoMath.sinpi(a1));
        }
    }

    /** One element, by the coefficients (t, kx, ko, clip, cx, c0, co, c1, c2, sigma) at {@code row}. */
    private static void step(FloatArray m, IntArray at, int row, int first, int element, int elements, float z) {
        if (element < elements) {
            int i = first + element;
            float x = m.get(at.get(4) + i);
            float out = m.get(at.get(0) + i);
            float clip = m.get(row + 3);
            float x0 = m.get(row + 1) * x + m.get(row + 2) * out;
            if (x0 > clip) { // not by min and max, so that a NaN stays one
                x0 = clip;
            }
            if (x0 < -clip) {
                x0 = -clip;
            }
            float next = m.get(row + 4) * x + m.get(row + 5) * x0 + m.get(row + 6) * out + m.get(row + 9) * z;
            if (at.get(5) >= 0) {
                float h1 = m.get(at.get(5) + i);
                next += m.get(row + 7) * h1 + m.get(row + 8) * m.get(at.get(6) + i);
                m.set(at.get(6) + i, h1);
                m.set(at.get(5) + i, x0);
            }
            m.set(at.get(4) + i, next);
        }
    }

    /** at: cursor, fault, code */
    static void advanceCursor(KernelContext c, FloatArray m, IntArray w, IntArray at, int rows) {
        if (c.globalIdx == 0) {
            int cursor = w.get(at.get(0));
            if (cursor >= 0 && cursor < rows) {
                w.set(at.get(0), cursor + 1);
            } else {
                report(w, at.get(1), at.get(2), cursor);
            }
        }
    }

    static Kernel of(Op.ChainTimestep op) {
        int n = op.t().shape().n();
        int rows = op.table().shape().n();
        int columns = op.table().shape().c();
        return Kernel.of(p -> List.of(Launch.items("chainTimestep", new int[] {p.at(op.table()), p.at(op.cursor()), p.at(op.t()), p.fault(), p.faultCode()}, n,
                (g, id, c, m, w, at) -> g.task(id, Diffusion::chainTimestep, c, m, w, at, n, rows, columns)))).withFault(badCursor(op.table()));
    }

    /** at: table [rows, columns], cursor, t [n], fault, code */
    static void chainTimestep(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int rows, int columns) {
        int i = c.globalIdx;
        int cursor = w.get(at.get(1));
        if (cursor >= 0 && cursor < rows) {
            if (i < n) {
                m.set(at.get(2) + i, m.get(at.get(0) + cursor * columns));
            }
        } else {
            if (i == 0) {
                report(w, at.get(3), at.get(4), cursor);
            }
        }
    }

    private static IntFunction<String> badCursor(Value table) {
        int rows = table.shape().n();
        return cursor -> "cursor " + cursor + " is outside the table, which has rows 0 to " + (rows - 1) + "; set it back to 0 to start another chain";
    }

    /** Tells the host that step {@code code} met {@code number}. */
    static void report(IntArray w, int fault, int code, int number) {
        w.set(fault, number);
        w.set(fault + 1, code);
    }
}
