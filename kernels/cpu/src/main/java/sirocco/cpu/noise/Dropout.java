package sirocco.cpu.noise;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.I;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.api.Philox;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Chunks;
import sirocco.cpu.pointwise.Halo;
import sirocco.cpu.pointwise.Shapes;

/**
 * Dropout (Srivastava et al., 2014): y = x / (1 − p) where the element's uniform number is at least p, else 0. The mask is drawn anew from
 * stream DROPOUT + op whenever it is needed, so the gradient is the same kernel on dy and nothing is kept.
 */
public final class Dropout implements Workers.Task {
    private static final int ELEMENTS = 4096;

    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutY;
    private final int stream;
    private final int threshold;
    private final float scale;
    private final Chunks chunks;
    private final int[][] words;
    private float[] x;
    private float[] y;
    private int[] rng;
    private int[] index;
    private int offsetX;
    private int offsetY;
    private int offsetRng;
    private int offsetIndex;

    /**
     * @param x and y both plain or both blocked
     * @param p share of elements dropped, 0 ≤ p &lt; 1
     * @param op number of the dropout op in its graph, from 0
     */
    public Dropout(Layout x, Layout y, float p, int op, Workers workers) {
        Shapes.same(x, y);
        Shapes.check(x.blocked() == y.blocked(), "dropout: x and y must both be plain or both blocked", x, y);
        if (!(p >= 0 && p < 1)) {
            throw new IllegalArgumentException("dropout: p must be in [0, 1), got " + p);
        }
        this.workers = workers;
        layoutX = x;
        layoutY = y;
        stream = Philox.DROPOUT + op;
        // uniform = k · 2^-24 ≥ p exactly where the integer k ≥ ceil(p · 2^24).
        threshold = (int) Math.ceil(p * 0x1p24);
        scale = 1 / (1 - p);
        chunks = new Chunks(x, ELEMENTS);
        // A block's last load may reach 16 words past the chunk; those lanes are filled-up channels, zero either way.
        words = new int[workers.threads()][NoiseVectors.groups(chunks.most() * x.c()) * Philox.GROUP + BLOCK];
    }

    /**
     * @param y may be x in the same layout
     * @param rng seed low, seed high, step
     * @param index sample index of each image
     */
    public void run(float[] x, int offsetX, int[] rng, int offsetRng, int[] index, int offsetIndex, float[] y, int offsetY) {
        this.x = x;
        this.y = y;
        this.rng = rng;
        this.index = index;
        this.offsetX = offsetX;
        this.offsetY = offsetY;
        this.offsetRng = offsetRng;
        this.offsetIndex = offsetIndex;
        workers.run(chunks.items(), this);
    }

    @Override
    public void run(int item, int worker) {
        int image = chunks.image(item);
        int first = chunks.first(item);
        int count = chunks.count(item);
        int c = layoutX.c();
        int[] w = words[worker];
        NoiseVectors.words(rng[offsetRng], rng[offsetRng + 1], index[offsetIndex + image], rng[offsetRng + 2], stream,
                first * c / Philox.GROUP, NoiseVectors.groups(count * c), w);
        if (!layoutX.blocked()) {
            drop(x, offsetX + image * layoutX.image() + first * c, w, y, offsetY + image * layoutY.image() + first * c, count * c);
            return;
        }
        if (first == 0) {
            Halo.clear(y, offsetY, layoutY, image);
        }
        for (int p = first, run; p < first + count; p += run) {
            int column = p % layoutX.w();
            int row = p / layoutX.w();
            run = Math.min(layoutX.w() - column, first + count - p);
            for (int block = 0; block < layoutX.blocks(); block++) {
                dropBlock(x, offsetX + layoutX.origin(image, block) + row * layoutX.row() + column * BLOCK,
                        w, (p - first) * c + block * BLOCK, c,
                        y, offsetY + layoutY.origin(image, block) + row * layoutY.row() + column * BLOCK, run);
            }
        }
    }

    private void drop(float[] x, int i, int[] words, float[] y, int j, int n) {
        for (int e = 0; e < n; e++) {
            y[j + e] = (words[e] >>> 8) >= threshold ? x[i + e] * scale : 0f;
        }
    }

    private void dropBlock(float[] x, int i, int[] words, int w, int stepWords, float[] y, int j, int pixels) {
        int threshold = this.threshold;
        float scale = this.scale;
        for (int p = 0; p < pixels; p++) {
            for (int lane = 0; lane < BLOCK; lane += LANES) {
                // All ones where the number is below the threshold: the sign of the difference of two 24-bit integers.
                IntVector dropped = IntVector.fromArray(I, words, w + p * stepWords + lane).lanewise(VectorOperators.LSHR, 8)
                        .sub(threshold).lanewise(VectorOperators.ASHR, 31);
                IntVector scaled = FloatVector.fromArray(F, x, i + p * BLOCK + lane).mul(scale).reinterpretAsInts();
                scaled.lanewise(VectorOperators.AND_NOT, dropped).reinterpretAsFloats().intoArray(y, j + p * BLOCK + lane);
            }
        }
    }
}
