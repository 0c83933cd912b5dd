package sirocco.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import sirocco.bench.torch.TorchOps;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.norm.GroupNorm;
import sirocco.cpu.norm.GroupNormBackward;

/** The rows of GroupNorm with SiLU: forward, and forward with backward. */
final class Norms {
    private static final double EPS = 1e-6;

    /** Both sides sum some ten thousand float32 numbers, in different orders. */
    private static final double TOLERANCE = 2e-5;

    private record Case(int n, int c, int size, int groups) {
        int elements() {
            return n * c * size * size;
        }

        float[] x() {
            return Inputs.normal(1, elements());
        }

        float[] dy() {
            return Inputs.normal(4, elements());
        }

        float[] gamma() {
            float[] gamma = Inputs.normal(2, c, 0.1);
            for (int i = 0; i < c; i++) {
                gamma[i] += 1;
            }
            return gamma;
        }

        float[] beta() {
            return Inputs.normal(3, c, 0.1);
        }
    }

    /** The CIFAR-10 model's widest, middle and deepest pictures, a concatenation, and the small model's widest. */
    private static final List<Case> CASES = List.of(
            new Case(16, 128, 32, 32), new Case(16, 256, 16, 32), new Case(16, 512, 16, 32), new Case(16, 256, 8, 32), new Case(64, 32, 16, 8));

    private final Workers workers;
    private final boolean peers;

    Norms(Workers workers, boolean peers) {
        this.workers = workers;
        this.peers = peers;
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (Case k : CASES) {
            // x is read, y written.
            rows.add(new Row("group-norm-silu/" + name(k), "GroupNorm + SiLU forward, " + label(k), Row.Unit.BYTES, 2.0 * 4 * k.elements(),
                    Row.Check.relative(TOLERANCE), () -> forward(k),
                    Convolutions.bothFormats(peers,
                            f -> TorchOps.groupNormSilu(k.n, k.c, k.size, k.groups, EPS, f, k.x(), k.gamma(), k.beta()))));
        }
        for (Case k : CASES) {
            // The same, then x and dy are read, dx is written.
            rows.add(new Row("group-norm-silu-both/" + name(k), "GroupNorm + SiLU forward and backward, " + label(k), Row.Unit.BYTES,
                    5.0 * 4 * k.elements(), Row.Check.relative(TOLERANCE), () -> both(k),
                    Convolutions.bothFormats(peers,
                            f -> TorchOps.groupNormSiluBoth(k.n, k.c, k.size, k.groups, EPS, f, k.x(), k.gamma(), k.beta(), k.dy()))));
        }
        return rows;
    }

    private static String name(Case k) {
        return k.n + "x" + k.c + "@" + k.size;
    }

    private static String label(Case k) {
        return "%d × %d at %d²".formatted(k.n, k.c, k.size);
    }

    private static Layout layout(Case k, int halo) {
        return Layout.blocked(k.n, k.size, k.size, k.c, halo);
    }

    private Work forward(Case k) {
        Layout in = layout(k, 0);
        // A convolution comes next, so the halo is part of the work.
        Layout out = layout(k, 1);
        GroupNorm kernel = new GroupNorm(in, out, k.groups, EPS, true, workers);
        Slice x = Inputs.toLayout(k.x(), in);
        float[] gamma = k.gamma();
        float[] beta = k.beta();
        Slice y = Inputs.zeros(out.floats());
        float[] stats = new float[k.n * k.groups * 2];
        return new KernelWork() {
            @Override
            public void run() {
                kernel.run(x.array(), x.offset(), gamma, 0, beta, 0, y.array(), y.offset(), stats, 0, null, 0);
            }

            @Override
            float[][] read() {
                return new float[][] {Inputs.fromLayout(y, out)};
            }
        };
    }

    private Work both(Case k) {
        Layout in = layout(k, 0);
        Layout out = layout(k, 1);
        GroupNorm forward = new GroupNorm(in, out, k.groups, EPS, true, workers);
        GroupNormBackward backward = new GroupNormBackward(in, in, null, out, k.groups, true, workers);
        Slice x = Inputs.toLayout(k.x(), in);
        Slice dy = Inputs.toLayout(k.dy(), in);
        float[] gamma = k.gamma();
        float[] beta = k.beta();
        Slice y = Inputs.zeros(out.floats());
        Slice dx = Inputs.zeros(out.floats());
        float[] stats = new float[k.n * k.groups * 2];
        float[] dGamma = new float[k.c];
        float[] dBeta = new float[k.c];
        Slice scratch = Inputs.zeros(backward.scratchFloats());
        return new KernelWork() {
            @Override
            public void run() {
                forward.run(x.array(), x.offset(), gamma, 0, beta, 0, y.array(), y.offset(), stats, 0, null, 0);
                backward.run(x.array(), x.offset(), stats, 0, gamma, 0, beta, 0, dy.array(), dy.offset(), null, 0, dx.array(), dx.offset(),
                        dGamma, 0, dBeta, 0, scratch.array(), scratch.offset());
            }

            /** The kernel adds to the parameters' gradients. */
            @Override
            void reset() {
                Arrays.fill(dGamma, 0);
                Arrays.fill(dBeta, 0);
            }

            @Override
            float[][] read() {
                return new float[][] {Inputs.fromLayout(y, out), Inputs.fromLayout(dx, out), dGamma.clone(), dBeta.clone()};
            }
        };
    }
}
