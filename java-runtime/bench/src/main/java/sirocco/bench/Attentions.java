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

    private record Case(int n, int size, int heads, int d) {
        int channels() {
            return heads * d;
        }

        int tokens() {
            return size * size;
        }

        /** Values [n, tokens, channels], which is NHWC. */
        float[] values(long seed) {
            return Inputs.normal(seed, n * tokens() * channels());
        }
    }

    /** The CIFAR-10 model's, the small model's, and many heads over many pixels. */
    private static final List<Case> CASES = List.of(new Case(16, 16, 1, 256), new Case(64, 8, 1, 64), new Case(4, 32, 4, 64));

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
                    () -> TorchOps.attention(k.n, k.tokens(), k.heads, k.d, k.values(1), k.values(2), k.values(3))));
        }
        for (Case k : CASES) {
            // The same, then five products backward.
            rows.add(row("attention-both", "attention forward and backward, ", k, 7, () -> work(k, true),
                    () -> TorchOps.attentionBoth(k.n, k.tokens(), k.heads, k.d, k.values(1), k.values(2), k.values(3), k.values(4))));
        }
        return rows;
    }

    private Row row(String group, String label, Case k, int products, Supplier<Work> ours, Supplier<Work> peer) {
        Map<String, Supplier<Work>> formats = new LinkedHashMap<>();
        if (peers) {
            formats.put("tokens", peer);
        }
        return new Row(group + "/" + k.n + "x" + k.tokens() + "x" + k.heads + "x" + k.d,
                label + "%d × %d pixels, %d × %d".formatted(k.n, k.tokens(), k.heads, k.d), Row.Unit.FLOPS,
                2.0 * products * k.n * k.tokens() * k.tokens() * k.channels(), Row.Check.relative(TOLERANCE), ours, formats);
    }

    private Work work(Case k, boolean backwardToo) {
        Layout l = Layout.blocked(k.n, k.size, k.size, k.channels(), 0);
        Layout sums = Layout.of(k.n, 1, 1, k.heads * k.tokens(), 0);
        AttentionForward forward = new AttentionForward(l, l, l, l, sums, k.heads, false, false, workers);
        AttentionBackward backward = new AttentionBackward(l, l, l, l, sums, l, l, l, l, k.heads, false, false, workers);
        Slice q = input(k, 1, l);
        Slice key = input(k, 2, l);
        Slice v = input(k, 3, l);
        Slice dy = input(k, 4, l);
        Slice y = Inputs.zeros(l.floats());
        Slice dq = Inputs.zeros(l.floats());
        Slice dk = Inputs.zeros(l.floats());
        Slice dv = Inputs.zeros(l.floats());
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
                return backwardToo ? new float[][] {tokens(y, l), tokens(dq, l), tokens(dk, l), tokens(dv, l)}
                        : new float[][] {tokens(y, l)};
            }
        };
    }

    private static Slice input(Case k, long seed, Layout l) {
        return Inputs.toLayout(Inputs.channelsFirst(k.values(seed), k.n, k.channels(), k.size, k.size), l);
    }

    /** [n, tokens, channels] */
    private static float[] tokens(Slice values, Layout l) {
        return Inputs.channelsLast(Inputs.fromLayout(values, l), l.n(), l.c(), l.h(), l.w());
    }
}
