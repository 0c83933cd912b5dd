package sirocco.diffusion;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import sirocco.api.GraphBuilder;
import sirocco.api.Philox;
import sirocco.api.Random;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Column;

/**
 * Noising to times that are real numbers. The host draws the time of each image, addressed by seed, step and image, and writes the coefficients of the batch
 * before each step in double precision.
 */
final class ContinuousNoising {
    /** Draws the noise level of an image. */
    @FunctionalInterface
    interface Draw {
        Level level(long seed, long step, int image);
    }

    private ContinuousNoising() { }

    static Noised record(TrainingStep step, Parameterization output, Weighting weighting, Draw draw) {
        GraphBuilder g = step.graph();
        Value images = step.column(Column.IMAGE);
        int n = images.shape().n();
        HostInputs inputs = step.inputs();
        Levels levels = new Levels(n, draw);
        Value table = inputs.eachStep(g, "levels", new Shape(n, 1, 2, 2), perImage(levels, 4, (level, into, at) -> {
            into[at] = (float) (level.inputScale() * level.a());
            into[at + 1] = (float) (level.inputScale() * level.s());
            into[at + 2] = (float) output.targetFromX0(level.a(), level.s());
            into[at + 3] = (float) output.targetFromEpsilon(level.a(), level.s());
        }));
        Value time = inputs.eachStep(g, "times", Shape.features(n, 1), perImage(levels, 1, (level, into, at) -> into[at] = (float) level.time()));
        Value weight = inputs.eachStep(g, "weights", Shape.features(n, 1), perImage(levels, 1,
                (level, into, at) -> into[at] = (float) weighting.weight(level, output)));
        Value row = inputs.table(g, "rows", Shape.features(n, 1), IntStream.range(0, n).toArray());
        return g.in("noising", () -> {
            Value x0 = g.in("pixels", () -> g.pixels(images, step.key().rng(), step.key().index(), step.flip()));
            Value epsilon = g.in("epsilon", () -> g.draw(Random.Distribution.NORMAL, step.key().rng(), step.key().index(), Optional.empty(), Philox.NOISE,
                    images.shape()));
            List<Value> noised = g.combine(table, row, List.of(x0, epsilon));
            return new Noised(noised.get(0), time, noised.get(1), weight);
        });
    }

    @FunctionalInterface
    private interface Write {
        void write(Level level, float[] into, int at);
    }

    private static HostInputs.Fill perImage(Levels levels, int floats, Write write) {
        return (seed, step, firstImage, into) -> {
            Level[] drawn = levels.of(seed, step, firstImage);
            for (int i = 0; i < drawn.length; i++) {
                write.write(drawn[i], into, i * floats);
            }
        };
    }

    /** The noise levels of a batch, which several inputs are filled from. */
    private static final class Levels {
        private final Draw draw;
        private final Level[] drawn;
        private long seed;
        private long step = -1;
        private int firstImage;

        Levels(int n, Draw draw) {
            this.draw = draw;
            drawn = new Level[n];
        }

        Level[] of(long seed, long step, int firstImage) {
            if (seed != this.seed || step != this.step || firstImage != this.firstImage) {
                this.seed = seed;
                this.step = step;
                this.firstImage = firstImage;
                for (int i = 0; i < drawn.length; i++) {
                    drawn[i] = draw.level(seed, step, firstImage + i);
                }
            }
            return drawn;
        }
    }
}
