package sirocco.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sirocco.api.Loss;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Noising, loss, guidance and sampling. */
final class DiffusionCases {
    private DiffusionCases() { }

    private static final List<Shape> IMAGES = List.of(new Shape(1, 1, 1, 1), new Shape(2, 4, 4, 3), new Shape(5, 16, 16, 3), new Shape(3, 5, 7, 3),
            new Shape(2, 8, 8, 20), new Shape(1, 32, 32, 3), new Shape(2, 7, 5, 16), new Shape(1, 1, 9, 4));

    /** What the network is to predict: sets columns e and d of a schedule's row. */
    private enum Prediction { EPSILON, X0, V }

    static void addTo(List<OpCase> cases) {
        int i = 0;
        for (Shape s : IMAGES) {
            cases.add(noising(s, 1000, i % 2 == 0, Prediction.values()[i % 3], 42 + i, i, 10 * i));
            i++;
        }
        cases.add(noising(new Shape(4, 8, 6, 3), 1, true, Prediction.EPSILON, -1, 123_456, 0));
        cases.add(noising(new Shape(5, 6, 8, 3), 10, true, Prediction.V, 0x8000_0000_8000_0001L, -1, -3));
        cases.add(noising(new Shape(5, 6, 8, 3), 50, false, Prediction.X0, 7, 2, Integer.MAX_VALUE - 4));

        for (Shape s : IMAGES) {
            cases.add(gathering(s.withN(7), 6, 0, 3, 3));
        }
        cases.add(gathering(new Shape(1, 5, 3, 3), 0));

        for (Shape s : MoveCases.SHAPES) {
            cases.add(loss(s, false));
            cases.add(loss(s, true));
            cases.add(guidance(s, 7.5));
        }
        cases.add(guidance(new Shape(2, 4, 4, 3), 0));
        cases.add(guidance(new Shape(2, 4, 4, 3), 1));
        cases.add(OpCase.of("ChainTimestep", c -> {
            Value table = c.input("table", new Shape(4, 1, 1, 12), (random, j) -> j % 12 == 0 ? 999 - 250 * (j / 12) : 1);
            Value cursor = c.cursor(2);
            c.result(c.g.in("t", () -> c.g.chainTimestep(table, cursor, 3)), Tolerance.EXACT);
        }));

        for (Shape s : IMAGES) {
            cases.add(sampling("DDPM, clipped", s, false, Coefficients.DDPM));
            cases.add(sampling("multistep", s, true, Coefficients.MULTISTEP));
        }
        for (Coefficients k : Coefficients.values()) {
            for (boolean history : List.of(false, true)) {
                cases.add(sampling(k.name().toLowerCase(Locale.ROOT), new Shape(3, 6, 5, 3), history, k));
            }
        }
        cases.add(lossGradient());
    }

    /** A batch of a dataset; as the noising sees it, since its bytes are the device's own. */
    private static OpCase gathering(Shape dataset, int... ids) {
        return OpCase.of("GatherImages of " + dataset + " ids " + Arrays.toString(ids), c -> {
            Value images = c.images(dataset);
            Value schedule = c.input("schedule", new Shape(1, 1, 1, 8), (random, i) -> i == 0 ? 1 : 0); // xt = the images
            Value batch = c.g.in("gather", () -> c.g.gatherImages(images, c.ids("ids", ids)));
            var noised = c.g.in("noising", () -> c.g.noising(batch, schedule, c.rng(1, 2), c.index(ids.length, 0), false));
            c.result(noised.xt(), Tolerance.elementwise(1));
        });
    }

    private static OpCase noising(Shape s, int timesteps, boolean flip, Prediction prediction, long seed, int step, int first) {
        return OpCase.of("Noising " + s + " T " + timesteps + (flip ? " flip " : " ") + prediction + " seed " + seed + " step " + step + " index " + first,
                c -> {
                    Value images = c.images(s);
                    Value schedule = c.input("schedule", new Shape(timesteps, 1, 1, 8), (random, i) -> scheduleEntry(i, timesteps, prediction));
                    Value rng = c.rng(seed, step);
                    Value index = c.index(s.n(), first);
                    var noised = c.g.in("noising", () -> c.g.noising(images, schedule, rng, index, flip));
                    c.result(noised.xt(), Tolerance.elementwise(1));
                    c.result(noised.target(), Tolerance.elementwise(1));
                    c.result(noised.t(), Tolerance.EXACT);
                    c.result(noised.weight(), Tolerance.EXACT);
                });
    }

    /** (a, s, e, d, weight, 0, 0, 0) of timestep i / 8, with an ᾱ that falls from 1 to 0. */
    static double scheduleEntry(int i, int timesteps, Prediction prediction) {
        double alphaBar = Math.pow(Math.cos((i / 8 + 0.5) / timesteps * Math.PI / 2), 2);
        double a = Math.sqrt(alphaBar);
        double s = Math.sqrt(1 - alphaBar);
        return switch (i % 8) {
            case 0 -> a;
            case 1 -> s;
            case 2 -> switch (prediction) {
                case EPSILON -> 1;
                case X0 -> 0;
                case V -> a;
            };
            case 3 -> switch (prediction) {
                case EPSILON -> 0;
                case X0 -> 1;
                case V -> -s;
            };
            case 4 -> 0.25 + i / 8 % 7;
            default -> 0;
        };
    }

    static double epsilonSchedule(int i, int timesteps) {
        return scheduleEntry(i, timesteps, Prediction.EPSILON);
    }

    private static OpCase loss(Shape s, boolean weighted) {
        return OpCase.of("MseLoss and its gradient " + s + (weighted ? " weighted" : ""), c -> {
            Value prediction = c.input("prediction", s);
            Value target = c.input("target", s);
            Optional<Value> weight = weighted ? Optional.of(c.input("weight", Shape.features(s.n(), 1), (random, i) -> 0.25 + i)) : Optional.empty();
            c.result(c.g.in("loss", () -> c.g.mseLoss(prediction, target, weight)), Tolerance.sum(s.elements(), 0));
            Value d = c.temporary("d", s);
            c.op(new Loss.MseLossBackward(prediction, target, weight, d));
            c.result(d, Tolerance.elementwise(2.0 / s.elements()));
        });
    }

    private static OpCase lossGradient() {
        return OpCase.of("gradients of a weighted MseLoss", c -> {
            Value prediction = c.activation("prediction", new Shape(3, 2, 2, 2));
            Value target = c.input("target", prediction.shape());
            Value weight = c.input("weight", Shape.features(3, 1), (random, i) -> 0.5 + i);
            c.backward(c.g.in("loss", () -> c.g.mseLoss(prediction, target, Optional.of(weight))));
        });
    }

    private static OpCase guidance(Shape half, double scale) {
        return OpCase.of("Guidance " + half + " scale " + scale, c -> {
            Value x = c.input("x", half.withN(2 * half.n()));
            Value factor = c.input("scale", Shape.vector(1), (random, i) -> scale);
            c.result(c.g.in("guidance", () -> c.g.guidance(x, factor)), Tolerance.elementwise(1 + 2 * scale));
        });
    }

    /** Rows (t, kx, ko, clip, cx, c0, co, c1, c2, sigma, 0, 0) as samplers make them. */
    private enum Coefficients {
        /** Posterior mean of a clipped x̂₀, plus noise; early, where x̂₀ = 157(x − out) without the clip. */
        DDPM(999, 157, -157, 1, 0.99, 0.006, 0, 0, 0, 0.14),
        DDIM(500, 3.6, -3.46, Double.POSITIVE_INFINITY, 0, 0.31, 0.95, 0, 0, 0),
        ETA(500, 3.6, -3.46, 1, 0, 0.31, 0.6, 0, 0, 0.7),
        MULTISTEP(250, 1.2, -0.7, 1, 0.5, 0.9, 0, -0.4, 0.15, 0),
        UNCLIPPED(20, 1.01, -0.1, 1e30, 0.7, 0.3, 0.1, 0.2, -0.1, 0.01),
        /** The last step: x̂₀ itself. */
        LAST(0, 1.0001, -0.01, 1, 0, 1, 0, 0, 0, 0);

        private final double[] row;

        Coefficients(double... row) {
            this.row = row;
        }

        double at(int i) {
            return i < row.length ? row[i] : 0;
        }

        /** Size of the terms that x is summed of, for x, out and history of size 1. */
        double size() {
            double x0 = Math.abs(row[1]) + Math.abs(row[2]);
            double fromX0 = row[3] <= 1 ? 1 : x0;
            return Math.abs(row[4]) + Math.abs(row[5]) * fromX0 + Math.abs(row[6]) + Math.abs(row[7]) + Math.abs(row[8]) + Math.abs(row[9]);
        }
    }

    /** Two steps one after the other, from row 1 of the table on; the second sees what the first left. */
    private static OpCase sampling(String what, Shape s, boolean history, Coefficients k) {
        return OpCase.of("SamplingStep " + what + " " + s + (history ? " history" : ""), c -> {
            Value table = c.input("table", new Shape(4, 1, 1, 12), (random, i) -> i < 12 ? 1e9 : k.at(i % 12));
            Value rng = c.rng(11, 77);
            Value index = c.index(s.n(), 40);
            Value x = c.state("x", s);
            Value cursor = c.cursor(1);
            Optional<Value> h1 = history ? Optional.of(c.state("h1", s)) : Optional.empty();
            Optional<Value> h2 = history ? Optional.of(c.state("h2", s)) : Optional.empty();
            for (String name : List.of("first", "second")) {
                Value out = c.input(name + ".out", s);
                c.g.in(name, () -> {
                    c.g.samplingStep(out, table, rng, index, x, h1, h2, cursor);
                    return null;
                });
            }
            // An error of x is multiplied by kx or cx in the second step; the clip only makes it smaller.
            double first = k.size();
            double size = first * (1 + Math.abs(k.at(4)) + Math.abs(k.at(1) * k.at(5)));
            double x0 = (Math.abs(k.at(1)) + Math.abs(k.at(2))) * Math.max(1, first);
            c.result(x, Tolerance.elementwise(size + Math.abs(k.at(5)) * x0));
            h1.ifPresent(h -> c.result(h, Tolerance.elementwise(x0)));
            h2.ifPresent(h -> c.result(h, Tolerance.elementwise(x0)));
            c.result(cursor, Tolerance.EXACT);
        });
    }
}
