package sirocco.cpu.noise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.api.Philox;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Chunks;
import sirocco.cpu.pointwise.Halo;
import sirocco.cpu.pointwise.Pixels;
import sirocco.cpu.pointwise.Shapes;

/**
 * One step of any of the samplers: a linear combination whose coefficients are a row of a table, the row that the cursor points at.
 *
 * <pre>  x0Hat = clamp(kx · x + ko · out, −clip, clip)
 *  x'    = cx · x + c0 · x0Hat + co · out + c1 · h1 + c2 · h2 + sigma · z</pre>
 * with z from stream SAMPLING at step = cursor; then h2 ← h1, h1 ← x0Hat, x ← x' and the cursor moves on. Where c1, c2 or sigma is zero, what it
 * would multiply is neither read nor drawn, so a chain may start with anything in its history. A sampler without history leaves both terms out.
 */
public final class SamplingStep implements Workers.Task {
    /** Floats of a row of the table: t, kx, ko, clip, cx, c0, co, c1, c2, sigma, and two unused. */
    public static final int ROW = 12;

    private static final int KX = 1;
    private static final int KO = 2;
    private static final int CLIP = 3;
    private static final int CX = 4;
    private static final int C0 = 5;
    private static final int CO = 6;
    private static final int C1 = 7;
    private static final int C2 = 8;
    private static final int SIGMA = 9;
    private static final int ELEMENTS = 4096;

    private final Workers workers;
    private final Layout layoutX;
    private final Layout layoutOut;
    private final Layout layoutH1;
    private final Layout layoutH2;
    private final int steps;
    private final Chunks chunks;
    private final Scratch[] scratch;
    private float[] x;
    private float[] out;
    private float[] h1;
    private float[] h2;
    private float[] table;
    private int[] rng;
    private int[] index;
    private int offsetX;
    private int offsetOut;
    private int offsetH1;
    private int offsetH2;
    private int offsetRng;
    private int offsetIndex;
    private int step;
    private int row;

    private static final class Scratch {
        final int[] words;
        final float[] z;
        final float[] x;
        final float[] out;
        final float[] h;

        Scratch(int floats) {
            words = new int[floats];
            z = new float[floats];
            x = new float[floats];
            out = new float[floats];
            h = new float[floats];
        }
    }

    /**
     * @param x layout of the sample
     * @param out layout of the model's answer
     * @param h1, h2 layouts of what is remembered, or null for samplers that remember nothing
     * @param steps rows of the table
     */
    public SamplingStep(Layout x, Layout out, Layout h1, Layout h2, int steps, Workers workers) {
        Shapes.same(x, out);
        if (h1 != null) {
            Shapes.same(x, h1);
            Shapes.same(x, h2);
        }
        this.workers = workers;
        this.steps = steps;
        layoutX = x;
        layoutOut = out;
        layoutH1 = h1;
        layoutH2 = h2;
        chunks = new Chunks(x, ELEMENTS);
        scratch = new Scratch[workers.threads()];
        for (int i = 0; i < scratch.length; i++) {
            scratch[i] = new Scratch(NoiseVectors.groups(chunks.most() * x.c()) * Philox.GROUP);
        }
    }

    /**
     * @param x updated in place
     * @param h1 last step's x0Hat, updated; null without history
     * @param h2 that of the step before; null without history
     * @param table [steps][{@link #ROW}]
     * @param cursor the step, 0 … steps − 1; advanced
     * @param rng seed low, seed high
     * @param index sample index of each image
     * @throws IllegalStateException past the last step
     */
    public void run(float[] x, int offsetX, float[] out, int offsetOut, float[] h1, int offsetH1, float[] h2, int offsetH2,
            float[] table, int offsetTable, int[] cursor, int offsetCursor, int[] rng, int offsetRng, int[] index, int offsetIndex) {
        step = cursor[offsetCursor];
        if (step < 0 || step >= steps) {
            throw new IllegalStateException("sampling step " + step + ": the table has steps 0 to " + (steps - 1)
                    + "; set the cursor back to 0 to start another chain");
        }
        row = offsetTable + step * ROW;
        this.x = x;
        this.offsetX = offsetX;
        this.out = out;
        this.offsetOut = offsetOut;
        this.h1 = h1;
        this.offsetH1 = offsetH1;
        this.h2 = h2;
        this.offsetH2 = offsetH2;
        this.table = table;
        this.rng = rng;
        this.offsetRng = offsetRng;
        this.index = index;
        this.offsetIndex = offsetIndex;
        workers.run(chunks.items(), this);
        cursor[offsetCursor] = step + 1;
    }

    @Override
    public void run(int item, int worker) {
        Scratch s = scratch[worker];
        int image = chunks.image(item);
        int first = chunks.first(item);
        int count = chunks.count(item);
        int groups = NoiseVectors.groups(count * layoutX.c());
        int n = groups * Philox.GROUP;
        Pixels.load(x, offsetX, layoutX, image, first, count, s.x, 0);
        Pixels.load(out, offsetOut, layoutOut, image, first, count, s.out, 0);
        predict(s.x, s.out, n, table[row + KX], table[row + KO], table[row + CLIP], table[row + CX], table[row + C0], table[row + CO]);
        if (layoutH1 != null) {
            history(s, image, first, count, n);
        }
        float sigma = table[row + SIGMA];
        if (sigma != 0) {
            NoiseVectors.words(rng[offsetRng], rng[offsetRng + 1], index[offsetIndex + image], step, Philox.SAMPLING,
                    first * layoutX.c() / Philox.GROUP, groups, s.words);
            NoiseVectors.normals(s.words, groups, s.z);
            add(s.x, s.z, n, sigma);
        }
        if (first == 0) {
            Halo.clear(x, offsetX, layoutX, image);
        }
        Pixels.store(s.x, 0, x, offsetX, layoutX, image, first, count);
    }

    private void history(Scratch s, int image, int first, int count, int n) {
        if (table[row + C2] != 0) {
            Pixels.load(h2, offsetH2, layoutH2, image, first, count, s.h, 0);
            add(s.x, s.h, n, table[row + C2]);
        }
        Pixels.load(h1, offsetH1, layoutH1, image, first, count, s.h, 0);
        if (table[row + C1] != 0) {
            add(s.x, s.h, n, table[row + C1]);
        }
        if (first == 0) {
            Halo.clear(h1, offsetH1, layoutH1, image);
            Halo.clear(h2, offsetH2, layoutH2, image);
        }
        Pixels.store(s.h, 0, h2, offsetH2, layoutH2, image, first, count);
        Pixels.store(s.out, 0, h1, offsetH1, layoutH1, image, first, count);
    }

    /** In place of the model's answer, x0Hat; in place of x, the part of x' that does not depend on history or noise. */
    private static void predict(float[] x, float[] out, int n, float kx, float ko, float clip, float cx, float c0, float co) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector v = FloatVector.fromArray(F, x, i);
            FloatVector o = FloatVector.fromArray(F, out, i);
            FloatVector x0 = v.fma(FloatVector.broadcast(F, kx), o.mul(ko));
            x0 = x0.blend(-clip, x0.compare(VectorOperators.LT, -clip));
            x0 = x0.blend(clip, x0.compare(VectorOperators.GT, clip));
            x0.intoArray(out, i);
            x0.fma(FloatVector.broadcast(F, c0), v.fma(FloatVector.broadcast(F, cx), o.mul(co))).intoArray(x, i);
        }
    }

    private static void add(float[] x, float[] y, int n, float weight) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector.fromArray(F, y, i).fma(FloatVector.broadcast(F, weight), FloatVector.fromArray(F, x, i)).intoArray(x, i);
        }
    }
}
