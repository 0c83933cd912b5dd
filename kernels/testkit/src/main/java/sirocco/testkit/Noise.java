package sirocco.testkit;

import sirocco.api.Philox;

/** An op's {@code rng} and {@code index}, read as {@link Philox} wants them. */
record Noise(Tensor rng, Tensor index) {
    long seed() {
        return (long) rng.integer(1) << 32 | rng.integer(0) & 0xFFFFFFFFL;
    }

    int step() {
        return rng.integer(2);
    }

    /** The sample index of image n of the batch. */
    int sample(int n) {
        return index.integer(n);
    }

    /** Standard normal numbers for the elements of image n. */
    float[] normals(int n, int step, int stream, int elements) {
        float[] z = new float[elements];
        Philox.normals(seed(), sample(n), step, stream, z, 0, elements);
        return z;
    }
}
