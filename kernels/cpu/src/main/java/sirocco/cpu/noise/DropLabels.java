package sirocco.cpu.noise;

import sirocco.api.Philox;

/**
 * Replaces a class by "no class" with probability p, so that one model learns both (Ho and Salimans, 2022, algorithm 1): where word 2 of the
 * sample's TRAIN block, as a number in [0,1), is below p. A few integers: runs on the calling thread.
 */
public final class DropLabels {
    private final int n;
    private final float p;
    private final int nullLabel;
    private final int[] block = new int[4];

    /**
     * @param n images
     * @param p share of labels dropped, 0 to 1
     * @param nullLabel what stands for "no class"
     */
    public DropLabels(int n, float p, int nullLabel) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("label dropping: p must be in [0, 1], got " + p);
        }
        this.n = n;
        this.p = p;
        this.nullLabel = nullLabel;
    }

    /**
     * @param rng seed low, seed high, step
     * @param index sample index of each image
     * @param y [n], may be labels
     */
    public void run(int[] labels, int offsetLabels, int[] rng, int offsetRng, int[] index, int offsetIndex, int[] y, int offsetY) {
        long seed = (long) rng[offsetRng + 1] << 32 | rng[offsetRng] & 0xFFFFFFFFL;
        for (int i = 0; i < n; i++) {
            Philox.block(seed, 0, index[offsetIndex + i], rng[offsetRng + 2], Philox.TRAIN, block);
            y[offsetY + i] = Philox.uniform(block[2]) < p ? nullLabel : labels[offsetLabels + i];
        }
    }
}
