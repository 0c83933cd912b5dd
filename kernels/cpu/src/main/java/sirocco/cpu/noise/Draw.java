package sirocco.cpu.noise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.I;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import sirocco.api.Philox;
import sirocco.api.Random.Distribution;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** Draws from {@link Philox} into a dense value. */
public final class Draw implements Workers.Task {
    /** Groups of 64 elements of an item. */
    private static final int GROUPS = 32;

    private final Distribution distribution;
    private final int images;
    private final int elements;
    private final int stream;
    private final int perImage;
    private final int[][] words;
    private final float[][] numbers;
    private final Workers workers;
    private int[] rng;
    private int[] index;
    private int step;
    private Slice y;

    /**
     * @param images n
     * @param elements of an image
     */
    public Draw(Distribution distribution, int images, int elements, int stream, Workers workers) {
        this.distribution = distribution;
        this.images = images;
        this.elements = elements;
        this.stream = stream;
        this.workers = workers;
        perImage = (NoiseVectors.groups(elements) + GROUPS - 1) / GROUPS;
        words = new int[workers.threads()][GROUPS * Philox.GROUP];
        numbers = new float[workers.threads()][GROUPS * Philox.GROUP];
    }

    /**
     * @param rng seed low, seed high
     * @param index sample index of each image
     * @param step the step that is drawn for
     */
    public void run(int[] rng, int[] index, int step, Slice y) {
        this.rng = rng;
        this.index = index;
        this.step = step;
        this.y = y;
        workers.run(images * perImage, this);
    }

    @Override
    public void run(int item, int worker) {
        int image = item / perImage;
        int first = item % perImage * GROUPS;
        int n = Math.min(GROUPS * Philox.GROUP, elements - first * Philox.GROUP);
        int groups = NoiseVectors.groups(n);
        float[] z = numbers[worker];
        NoiseVectors.words(rng[0], rng[1], index[image], step, stream, first, groups, words[worker]);
        if (distribution == Distribution.NORMAL) {
            NoiseVectors.normals(words[worker], groups, z);
        } else {
            uniforms(words[worker], groups * Philox.GROUP, z);
        }
        System.arraycopy(z, 0, y.array(), y.offset() + image * elements + first * Philox.GROUP, n);
    }

    private static void uniforms(int[] words, int n, float[] out) {
        for (int e = 0; e < n; e += LANES) {
            IntVector word = IntVector.fromArray(I, words, e).lanewise(VectorOperators.LSHR, 8);
            ((FloatVector) word.convertShape(VectorOperators.I2F, F, 0)).mul(0x1p-24f).intoArray(out, e);
        }
    }
}
