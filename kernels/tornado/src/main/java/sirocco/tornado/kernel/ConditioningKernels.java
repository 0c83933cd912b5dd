package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Conditioning;
import sirocco.api.Philox;
import sirocco.api.Random;
import sirocco.api.Shape;
import sirocco.gpu.FaultMessages;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Dropout, embeddings and labels. No local memory. */
final class ConditioningKernels {
    private ConditioningKernels() { }

    static Kernel of(Random.Dropout op) {
        Shape s = op.x().shape();
        int elements = (int) s.imageElements();
        float p = op.p();
        float scale = (float) (1 / (1 - (double) op.p()));
        return Kernel.of(places -> List.of(Launch.noise("dropout", new int[] {places.at(op.x()), places.at(op.rng()), places.at(op.index()), places.at(op.y()),
                Philox.DROPOUT + op.id()}, s.n(), elements,
                (g, id, c, m, w, at) -> g.task(id, ConditioningKernels::dropout, c, m, w, at, elements, p, scale))));
    }

    /**
     * Group y is the image; a work item has a block of noise, four elements. Each element is read and written once.
     *
     * <p>at: x, rng, index, y, stream
     */
    static void dropout(KernelContext c, FloatArray m, IntArray w, IntArray at, int elements, float p, float scale) {
        int from = at.get(0);
        int rng = at.get(1);
        int to = at.get(3);
        int block = c.globalIdx;
        int image = c.groupIdy;
        float[] x = new float[Noise.WORDS];
        for (int j = 0; j < Noise.WORDS; j++) {
            x[j] = m.get(from + image * elements + Noise.read(block, j, elements));
        }
        int[] words = new int[Noise.WORDS];
        Noise.block(words, w.get(rng + Noise.SEED_LOW), w.get(rng + Noise.SEED_HIGH), block, w.get(at.get(2) + image), w.get(rng + Noise.STEP), at.get(4));
        for (int j = 0; j < Noise.WORDS; j++) {
            int element = Noise.element(block, j);
            if (element < elements) {
                m.set(to + image * elements + element, Noise.uniform(words[j]) >= p ? x[j] * scale : 0);
            }
        }
    }

    /**
     * Frequencies are computed here, in double precision: t reaches thousands, and an error of ω grows with it. The table has integers, so each ω, at
     * most 1, is a significand of 24 bits and an exponent: ω = significand · 2⁻²³ / 2^exponent.
     */
    static Kernel of(Conditioning.TimestepEmbedding op) {
        int n = op.y().shape().n();
        int dim = op.y().shape().c();
        int half = dim / 2;
        int sines = op.flipSinToCos() ? half : 0;
        return Kernel.of(p -> {
            int[] table = new int[2 + 2 * half];
            table[0] = p.at(op.t());
            table[1] = p.at(op.y());
            for (int i = 0; i < half; i++) {
                float omega = (float) Math.exp(-Math.log(op.maxPeriod()) * i / (half - (double) op.freqShift()));
                int exponent = Math.clamp(-Math.getExponent(omega), 0, 30);
                table[2 + 2 * i] = (int) (omega * (double) (1L << 23 + exponent));
                table[3 + 2 * i] = exponent;
            }
            return List.of(Launch.items("timestepEmbedding", table, (long) n * dim,
                    (g, id, c, m, at) -> g.task(id, ConditioningKernels::timestepEmbedding, c, m, at, n, dim, sines)));
        });
    }

    /**
     * One element a work item, a sine or a cosine: reads its image's t and two integers of the table, writes 4 bytes.
     *
     * <p>at: t [n], y [n, dim], significand and exponent of each frequency
     *
     * @param sines where they begin in a row
     */
    static void timestepEmbedding(KernelContext c, FloatArray m, IntArray at, int n, int dim, int sines) {
        int item = c.globalIdx;
        int half = dim / 2;
        if (item < n * dim) {
            int image = item / dim;
            int i = item - image * dim;
            float y = 0;
            if (i < 2 * half) {
                int frequency = i;
                if (i >= half) {
                    frequency = i - half;
                }
                float angle = m.get(at.get(0) + image) * (at.get(2 + 2 * frequency) * 0x1p-23f / (1 << at.get(3 + 2 * frequency)));
                boolean sine = i >= sines && i < sines + half;
                if (sine) {
                    y = TornadoMath.sin(angle);
                } else {
                    y = TornadoMath.cos(angle);
                }
            }
            m.set(at.get(1) + item, y);
        }
    }

    static Kernel of(Conditioning.Embedding op) {
        int n = (int) op.ids().shape().elements();
        int dim = op.table().shape().c();
        int rows = op.table().shape().n();
        return Kernel.of(p -> List.of(Launch.items("embedding", new int[] {p.at(op.ids()), p.at(op.table()), p.at(op.y()), p.fault(), p.faultCode()},
                (long) n * dim, (g, id, c, m, w, at) -> g.task(id, ConditioningKernels::embedding, c, m, w, at, n, dim, rows))))
                .withFault(FaultMessages.idOutside(op.table()));
    }

    /** One element a work item, read and written once, with its image's id. at: ids [n], table [rows, dim], y [n, dim], fault, code */
    static void embedding(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int dim, int rows) {
        int i = c.globalIdx;
        if (i < n * dim) {
            int image = i / dim;
            int id = w.get(at.get(0) + image);
            if (id >= 0 && id < rows) {
                m.set(at.get(2) + i, m.get(at.get(1) + id * dim + i - image * dim));
            } else {
                Faults.report(w, at.get(3), at.get(4), id);
            }
        }
    }

    static Kernel of(Conditioning.EmbeddingBackward op) {
        int n = (int) op.ids().shape().elements();
        int dim = op.dTable().shape().c();
        int rows = op.dTable().shape().n();
        return Kernel.of(p -> List.of(Launch.items("embeddingBackward", new int[] {p.at(op.ids()), p.at(op.dy()), p.at(op.dTable()), p.fault(), p.faultCode()},
                (long) n * dim, (g, id, c, m, w, at) -> g.task(id, ConditioningKernels::embeddingBackward, c, m, w, at, n, dim, rows))))
                .withFault(FaultMessages.idOutside(op.dTable()));
    }

    /**
     * A work item has an element of dy. That of the first image with its id adds those of all images with it, in their order: so an id is read n times
     * by each item, from the cache, an element of dy once, and one of dTable is read and written once where an image has its row.
     *
     * <p>at: ids [n], dy [n, dim], dTable [rows, dim], fault, code
     */
    static void embeddingBackward(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int dim, int rows) {
        int ids = at.get(0);
        int dy = at.get(1);
        int i = c.globalIdx;
        if (i < n * dim) {
            int image = i / dim;
            int column = i - image * dim;
            int id = w.get(ids + image);
            if (id >= 0 && id < rows) {
                boolean first = true;
                for (int before = 0; before < image; before++) {
                    first = first & w.get(ids + before) != id;
                }
                if (first) {
                    float sum = 0;
                    for (int other = image; other < n; other++) {
                        if (w.get(ids + other) == id) {
                            sum += m.get(dy + other * dim + column);
                        }
                    }
                    int to = at.get(2) + id * dim + column;
                    m.set(to, m.get(to) + sum);
                }
            } else {
                Faults.report(w, at.get(3), at.get(4), id);
            }
        }
    }

    static Kernel of(Random.DropLabels op) {
        int n = op.y().shape().n();
        float rate = op.p();
        return Kernel.of(p -> List.of(Launch.items("dropLabels", new int[] {p.at(op.labels()), p.at(op.rng()), p.at(op.index()), p.at(op.y()), op.nullLabel()},
                n, (g, id, c, m, w, at) -> g.task(id, ConditioningKernels::dropLabels, c, m, w, at, n, rate))));
    }

    /** One image a work item, with a block of noise: reads a label and writes one. at: labels, rng, index, y, label of none */
    static void dropLabels(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, float p) {
        int image = c.globalIdx;
        if (image < n) {
            int rng = at.get(1);
            int[] words = new int[Noise.WORDS];
            Noise.block(words, w.get(rng + Noise.SEED_LOW), w.get(rng + Noise.SEED_HIGH), 0, w.get(at.get(2) + image), w.get(rng + Noise.STEP), Philox.TRAIN);
            int label = w.get(at.get(0) + image);
            if (Noise.uniform(words[2]) < p) {
                label = at.get(4);
            }
            w.set(at.get(3) + image, label);
        }
    }
}
