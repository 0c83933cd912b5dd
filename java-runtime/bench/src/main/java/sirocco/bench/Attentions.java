package sirocco.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import sirocco.bench.torch.TorchOps;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.attention.AttentionBackward;
import sirocco.cpu.attention.AttentionForward;

/** The rows of attention itself, without its projections: forward, and forward with backward. */
final class Attentions {
    /** Products of a few hundred terms through an exponential, in float32 on both sides. */
    private static final double TOLERANCE = 2e-5;

    /** @param others keys of another value; 0 if the pixels attend to themselves */
    private record Case(int n, int size, int others, int heads, int d) {
        int channels() {
            return heads * d;
        }

        int tokens() {
            return size * size;
        }

        int keys() {
            return others == 0 ? tokens() : others;
        }

        /** Queries [n, tokens, channels], which is NHWC. */
        float[] queries(long seed) {
            return Inputs.normal(seed, n * tokens() * channels());
        }

        /** Keys or values, [n, keys, channels]. */
        float[] keys(long seed) {
            return Inputs.normal(seed, n * keys() * channels());
        }

        Layout keyLayout() {
            return others == 0 ? queryLayout() : Layout.blocked(n, 1, others, channels(), 0);
        }

        Layout queryLayout() {
            return Layout.blocked(n, size, size, channels(), 0);
        }
    }

    /** The CIFAR-10 model's, the small model's, many heads over many pixels, and Stable Diffusion's: to 4096 pixels and to 77 tokens of a text. */
    private static final List<Case> CASES = List.of(new Case(16, 16, 0, 1, 256), new Case(64, 8, 0, 1, 64), new Case(4, 32, 0, 4, 64),
            new Case(4, 16, 0, 8, 32), new Case(1, 64, 0, 8, 40), new Case(2, 64, 77, 8, 40), new Case(2, 32, 77, 8, 80));

    private final Workers workers;
    private final boolean peers;

    Attentions(Workers workers, boolean peers) {
        this.workers = workers;
        this.peers = peers;
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (Case k : CASES) {
            // q·kᵀ and p·v.
            rows.add(row("attention", "attention forward, ", k, 2, () -> work(k, false),
                    () -> TorchOps.attention(k.n, k.tokens(), k.keys(), k.heads, k.d, k.queries(1), k.keys(2), k.keys(3))));
        }
        for (Case k : CASES) {
            // The same, then five products backward.
            rows.add(row("attention-both", "attention forward and backward, ", k, 7, () -> work(k, true),
                    () -> TorchOps.attentionBoth(k.n, k.tokens(), k.keys(), k.heads, k.d, k.queries(1), k.keys(2), k.keys(3), k.queries(4))));
        }
        return rows;
    }

    private Row row(String group, String label, Case k, int products, Supplier<Work> ours, Supplier<Work> peer) {
        Map<String, Supplier<Work>> formats = new LinkedHashMap<>();
        if (peers) {
            formats.put("tokens", peer);
        }
        return new Row(group + "/" + k.n + "x" + k.tokens() + (k.others == 0 ? "" : "-" + k.others) + "x" + k.heads + "x" + k.d,
                label + "%d × %d pixels%s, %d × %d".formatted(k.n, k.tokens(), k.others == 0 ? "" : " to %d keys".formatted(k.others), k.heads, k.d),
                Row.Unit.FLOPS, 2.0 * products * k.n * k.tokens() * k.keys() * k.channels(), Row.Check.relative(TOLERANCE), ours, formats);
    }

    private Work work(Case k, boolean backwardToo) {
        Layout l = k.queryLayout();
        Layout of = k.keyLayout();
        Layout sums = Layout.of(k.n, 1, 1, k.heads * k.tokens(), 0);
        AttentionForward forward = new AttentionForward(l, of, of, l, sums, k.heads, false, false, workers);
        AttentionBackward backward = new AttentionBackward(l, of, of, l, sums, l, l, of, of, k.heads, false, false, workers);
        Slice q = input(k.queries(1), l);
        Slice key = input(k.keys(2), of);
        Slice v = input(k.keys(3), of);
        Slice dy = input(k.queries(4), l);
        Slice y = Inputs.zeros(l.floats());
        Slice dq = Inputs.zeros(l.floats());
        Slice dk = Inputs.zeros(of.floats());
        Slice dv = Inputs.zeros(of.floats());
        Slice logSumExp = Inputs.zeros(sums.floats());
        Slice scratch = Inputs.zeros(Math.max(forward.scratchFloats(), backward.scratchFloats()));
        return new KernelWork() {
            @Override
            public void run() {
                forward.run(q, key, v, null, y, logSumExp, scratch);
                if (backwardToo) {
                    backward.run(q, key, v, null, y, logSumExp, dy, dq, dk, dv, scratch);
                }
            }

            @Override
            float[][] read() {
                return backwardToo ? new float[][] {tokens(y, l), tokens(dq, l), tokens(dk, of), tokens(dv, of)}
                        : new float[][] {tokens(y, l)};
            }
        };
    }

    private static Slice input(float[] values, Layout l) {
        return Inputs.toLayout(Inputs.channelsFirst(values, l.n(), l.c(), l.h(), l.w()), l);
    }

    /** [n, tokens, channels] */
    private static float[] tokens(Slice values, Layout l) {
        return Inputs.channelsLast(Inputs.fromLayout(values, l), l.n(), l.c(), l.h(), l.w());
    }
}
