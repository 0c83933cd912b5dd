package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Diffusion;
import sirocco.api.Philox;
import sirocco.api.Random;
import sirocco.api.Shape;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Random numbers, timesteps and pixels; no local memory. */
final class DrawKernels {
    private DrawKernels() { }

    static Kernel of(Random.Draw op) {
        Shape s = op.y().shape();
        int elements = (int) s.imageElements();
        int normal = op.distribution() == Random.Distribution.NORMAL ? 1 : 0;
        return Kernel.of(p -> List.of(Launch.noise("draw", new int[] {p.at(op.rng()), p.at(op.index()), p.at(op.step()), p.at(op.y()), op.stream()}, s.n(),
                elements, (g, id, c, m, w, at) -> g.task(id, DrawKernels::draw, c, m, w, at, elements, normal))));
    }

    /**
     * Group y is the image; a work item has a block of noise, of which it writes four elements.
     *
     * <p>at: rng, index, step or −1 for rng's, y, stream
     *
     * @param normal 1, or 0 for uniform numbers
     */
    static void draw(KernelContext c, FloatArray m, IntArray w, IntArray at, int elements, int normal) {
        int rng = at.get(0);
        int ownStep = at.get(2);
        int to = at.get(3);
        int block = c.globalIdx;
        int image = c.groupIdy;
        int step = w.get(ownStep >= 0 ? ownStep : rng + Noise.STEP);
        int[] words = new int[Noise.WORDS];
        float[] z = new float[Noise.WORDS];
        Noise.block(words, w.get(rng + Noise.SEED_LOW), w.get(rng + Noise.SEED_HIGH), block, w.get(at.get(1) + image), step, at.get(4));
        if (normal == 1) {
            Noise.normals(z, words);
        } else {
            for (int j = 0; j < Noise.WORDS; j++) {
                z[j] = Noise.uniform(words[j]);
            }
        }
        for (int j = 0; j < Noise.WORDS; j++) {
            int element = Noise.element(block, j);
            if (element < elements) {
                m.set(to + image * elements + element, z[j]);
            }
        }
    }

    static Kernel of(Random.DrawTimestep op) {
        int n = op.t().shape().n();
        int bound = op.bound();
        return Kernel.of(p -> List.of(Launch.items("drawTimestep", new int[] {p.at(op.rng()), p.at(op.index()), p.at(op.t())}, n,
                (g, id, c, m, w, at) -> g.task(id, DrawKernels::drawTimestep, c, m, w, at, n, bound))));
    }

    /** One image a work item, with a block of noise. at: rng, index, t */
    static void drawTimestep(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int bound) {
        int image = c.globalIdx;
        if (image < n) {
            int rng = at.get(0);
            int[] words = new int[Noise.WORDS];
            Noise.block(words, w.get(rng + Noise.SEED_LOW), w.get(rng + Noise.SEED_HIGH), 0, w.get(at.get(1) + image), w.get(rng + Noise.STEP), Philox.TRAIN);
            w.set(at.get(2) + image, Noise.scaled(words[0], bound));
        }
    }

    static Kernel of(Diffusion.Pixels op) {
        Shape s = op.images().shape();
        int elements = (int) s.imageElements();
        int flip = op.flip() ? 1 : 0;
        return Kernel.of(p -> List.of(Launch.groups("pixels", new int[] {p.at(op.images()), p.at(op.rng()), p.at(op.index()), p.at(op.x0())},
                Launch.ceilDiv(elements, Launch.GROUP), s.n(), 1, Launch.GROUP,
                (g, id, c, m, w, at) -> g.task(id, DrawKernels::pixels, c, m, w, at, elements, s.w(), s.c(), flip))));
    }

    /**
     * Group y is the image; a work item has an element, of which it reads a byte and writes 4 bytes, and finds anew whether its image is mirrored.
     *
     * <p>at: images U8, rng, index, x0
     */
    static void pixels(KernelContext c, FloatArray m, IntArray w, IntArray at, int elements, int width, int channels, int mayFlip) {
        int element = c.globalIdx;
        int image = c.groupIdy;
        if (element < elements) {
            int rng = at.get(1);
            int[] words = new int[Noise.WORDS];
            Noise.block(words, w.get(rng + Noise.SEED_LOW), w.get(rng + Noise.SEED_HIGH), 0, w.get(at.get(2) + image), w.get(rng + Noise.STEP), Philox.TRAIN);
            int i = image * elements + DiffusionKernels.source(element, width, channels, mayFlip & words[1]);
            m.set(at.get(3) + image * elements + element, DiffusionKernels.pixel(w, at.get(0), i));
        }
    }
}
