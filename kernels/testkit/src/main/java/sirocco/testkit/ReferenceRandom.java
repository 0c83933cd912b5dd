package sirocco.testkit;

import java.util.Optional;
import sirocco.api.Philox;
import sirocco.api.Random;

/** Draws. */
final class ReferenceRandom {
    private ReferenceRandom() { }

    /** {@link Random.Draw} */
    static void draw(Random.Distribution distribution, Tensor rng, Tensor index, Optional<Tensor> at, int stream, Tensor y) {
        Noise noise = new Noise(rng, index);
        int elements = (int) y.shape().imageElements();
        int step = at.map(t -> t.integer(0)).orElse(noise.step());
        int[] words = new int[elements];
        for (int n = 0; n < y.n(); n++) {
            switch (distribution) {
                case NORMAL -> {
                    float[] z = noise.normals(n, step, stream, elements);
                    for (int e = 0; e < elements; e++) {
                        y.set(n * elements + e, z[e]);
                    }
                }
                case UNIFORM -> {
                    Philox.words(noise.seed(), noise.sample(n), step, stream, words, 0, elements);
                    for (int e = 0; e < elements; e++) {
                        y.set(n * elements + e, Philox.uniform(words[e]));
                    }
                }
            }
        }
    }

    /** {@link Random.DrawTimestep} */
    static void drawTimestep(Tensor rng, Tensor index, int bound, Tensor t) {
        Noise noise = new Noise(rng, index);
        for (int n = 0; n < t.n(); n++) {
            t.set(n, Philox.timestep(noise.seed(), noise.sample(n), noise.step(), bound));
        }
    }

    /** {@link Random.DropLabels} */
    static void dropLabels(Tensor labels, Tensor rng, Tensor index, float p, int nullLabel, Tensor y) {
        Noise noise = new Noise(rng, index);
        for (int n = 0; n < y.n(); n++) {
            y.set(n, Philox.labelDrop(noise.seed(), noise.sample(n), noise.step()) < p ? nullLabel : labels.get(n));
        }
    }
}
