package sirocco.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import sirocco.bench.torch.TorchOps;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.noise.Noising;

/** The rows of noising: bytes to x_t with its noise drawn (Ho et al., eq. 4). */
final class Noises {
    private static final int TIMESTEPS = 1000;

    /** Two products and a sum in float32. */
    private static final double TOLERANCE = 1e-6;

    private record Case(int n, int size) {
        int elements() {
            return n * 3 * size * size;
        }

        byte[] images() {
            return Inputs.bytes(1, elements());
        }
    }

    private final Workers workers;
    private final boolean peers;

    Noises(Workers workers, boolean peers) {
        this.workers = workers;
        this.peers = peers;
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (Case k : List.of(new Case(128, 32), new Case(64, 16))) {
            Map<String, Supplier<Work>> peer = new LinkedHashMap<>();
            if (peers) {
                peer.put("NCHW", () -> TorchOps.noising(k.n, 3, k.size, k.images(), alphaBar()));
            }
            rows.add(new Row("noising/" + k.n + "x3@" + k.size, "noising with its noise, %d × 3 at %d²".formatted(k.n, k.size),
                    Row.Unit.NUMBERS, k.elements(), new Row.Check(TOLERANCE, (ours, theirs) -> error(k, ours)), () -> noising(k), peer));
        }
        return rows;
    }

    /** β linear from 1e-4 to 0.02 (Ho et al., section 4). */
    static float[] alphaBar() {
        float[] alphaBar = new float[TIMESTEPS];
        double product = 1;
        for (int t = 0; t < TIMESTEPS; t++) {
            product *= 1 - (1e-4 + (0.02 - 1e-4) * t / (TIMESTEPS - 1));
            alphaBar[t] = (float) product;
        }
        return alphaBar;
    }

    /** Rows (√ᾱ, √(1−ᾱ), 1, 0, 1, 0, 0, 0): the target is ε, the weight 1. */
    static float[] schedule() {
        float[] alphaBar = alphaBar();
        float[] table = new float[TIMESTEPS * Noising.ROW];
        for (int t = 0; t < TIMESTEPS; t++) {
            table[t * Noising.ROW] = (float) Math.sqrt(alphaBar[t]);
            table[t * Noising.ROW + 1] = (float) Math.sqrt(1.0 - alphaBar[t]);
            table[t * Noising.ROW + 2] = 1;
            table[t * Noising.ROW + 4] = 1;
        }
        return table;
    }

    /**
     * How far x_t is from √ᾱ_t·x₀ + √(1−ᾱ_t)·ε in double precision, ε and t being those that came out with it; NaN if ε does not have the
     * mean and variance of as many normal numbers to five standard deviations.
     */
    private static double error(Case k, float[][] ours) {
        float[] xt = ours[0];
        float[] epsilon = ours[1];
        float[] t = ours[2];
        byte[] images = k.images();
        float[] alphaBar = alphaBar();
        double difference = 0;
        double size = 0;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < xt.length; i++) {
            double a = alphaBar[(int) t[i / (3 * k.size * k.size)]];
            double expected = Math.sqrt(a) * ((images[i] & 255) / 127.5 - 1) + Math.sqrt(1 - a) * epsilon[i];
            difference += (xt[i] - expected) * (xt[i] - expected);
            size += expected * expected;
            sum += epsilon[i];
            squares += (double) epsilon[i] * epsilon[i];
        }
        boolean normal = Math.abs(sum / xt.length) <= 5 / Math.sqrt(xt.length)
                && Math.abs(squares / xt.length - 1) <= 5 * Math.sqrt(2.0 / xt.length);
        return normal ? Math.sqrt(difference / size) : Double.NaN;
    }

    private Work noising(Case k) {
        Layout picture = Layout.plain(k.n, k.size, k.size, 3);
        Noising kernel = new Noising(picture, picture, TIMESTEPS, false, workers);
        byte[] nchw = k.images();
        byte[] images = new byte[nchw.length];
        int from = 0;
        for (int n = 0; n < k.n; n++) {
            for (int c = 0; c < 3; c++) {
                for (int y = 0; y < k.size; y++) {
                    for (int x = 0; x < k.size; x++) {
                        images[picture.index(n, y, x, c)] = nchw[from++];
                    }
                }
            }
        }
        int[] rng = {1, 0, 0, 0};
        int[] index = new int[k.n];
        for (int i = 0; i < k.n; i++) {
            index[i] = i;
        }
        float[] schedule = schedule();
        float[] xt = new float[k.elements()];
        float[] epsilon = new float[k.elements()];
        float[] t = new float[k.n];
        float[] weight = new float[k.n];
        return new KernelWork() {
            @Override
            public void run() {
                rng[2]++;
                kernel.run(images, 0, rng, 0, index, 0, schedule, 0, xt, 0, epsilon, 0, t, 0, weight, 0);
            }

            @Override
            float[][] read() {
                return new float[][] {Inputs.fromLayout(xt, picture), Inputs.fromLayout(epsilon, picture), t.clone()};
            }
        };
    }
}
