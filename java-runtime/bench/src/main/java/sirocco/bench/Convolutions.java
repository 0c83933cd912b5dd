package sirocco.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import sirocco.bench.torch.Torch.Format;
import sirocco.bench.torch.TorchOps;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.conv.ConvBackwardData;
import sirocco.cpu.conv.ConvBackwardWeights;
import sirocco.cpu.conv.ConvForward;
import sirocco.cpu.conv.ConvRule;

/** The rows of convolutions: forward with prepared weights, forward preparing them each time, and the two backward passes. */
final class Convolutions {
    /**
     * Winograd's F(4×4,3×3) has constants up to 8 in its transforms and so loses some bits: its error was measured at 0.7–3.5e-5 of the
     * result's rms forward and 2–9e-5 backward-weights at the worst element, and the rms of the error is well below that.
     */
    private static final double TOLERANCE = 1e-4;

    private final Workers workers;
    private final boolean peers;

    Convolutions(Workers workers, boolean peers) {
        this.workers = workers;
        this.peers = peers;
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        List<ConvShape> shapes = new ArrayList<>(ConvShape.CIFAR10);
        shapes.addAll(ConvShape.FEW_PIXELS);
        for (ConvShape s : shapes) {
            rows.add(row("conv-forward", "3×3 convolution forward, weights cached, ", s, () -> forward(s, false), f -> torchForward(s, f)));
        }
        for (ConvShape s : shapes) {
            rows.add(row("conv-forward-fresh", "3×3 convolution forward with the weight transform, ", s, () -> forward(s, true),
                    f -> torchForward(s, f)));
        }
        for (ConvShape s : shapes) {
            rows.add(row("conv-backward-data", "3×3 convolution backward-data, ", s, () -> backwardData(s),
                    f -> TorchOps.convBackwardData(s, f, dy(s), weight(s))));
        }
        for (ConvShape s : shapes) {
            rows.add(row("conv-backward-weights", "3×3 convolution backward-weights, ", s, () -> backwardWeights(s),
                    f -> TorchOps.convBackwardWeights(s, f, dy(s), x(s))));
        }
        ConvShape pointwise = new ConvShape(16, 256, 256, 16, 1);
        rows.add(row("conv-1x1-forward", "1×1 convolution forward, ", pointwise, () -> forward(pointwise, false),
                f -> torchForward(pointwise, f)));
        return rows;
    }

    /** Linear layers, forward at batch 1 and 8, backward at batch 8; the peers also as products of tokens. */
    List<Row> linearRows() {
        List<Row> rows = new ArrayList<>();
        for (int batch : new int[] {1, 8}) {
            for (ConvShape one : ConvShape.LINEAR) {
                ConvShape s = one.batch(batch);
                rows.add(withTokens(row("linear-forward", "linear layer forward, ", s, () -> forward(s, false), f -> torchForward(s, f)),
                        () -> TorchOps.linearForward(s, x(s), weight(s), bias(s))));
            }
        }
        for (ConvShape one : ConvShape.LINEAR) {
            ConvShape s = one.batch(8);
            rows.add(withTokens(row("linear-backward-data", "linear layer backward-data, ", s, () -> backwardData(s),
                    f -> TorchOps.convBackwardData(s, f, dy(s), weight(s))), () -> TorchOps.linearBackwardData(s, dy(s), weight(s))));
        }
        for (ConvShape one : ConvShape.LINEAR) {
            ConvShape s = one.batch(8);
            rows.add(withTokens(row("linear-backward-weights", "linear layer backward-weights, ", s, () -> backwardWeights(s),
                    f -> TorchOps.convBackwardWeights(s, f, dy(s), x(s))), () -> TorchOps.linearBackwardWeights(s, dy(s), x(s))));
        }
        return rows;
    }

    private Row withTokens(Row row, Supplier<Work> tokens) {
        Map<String, Supplier<Work>> all = new LinkedHashMap<>(row.peers());
        if (peers) {
            all.put("tokens", tokens);
        }
        return new Row(row.name(), row.label(), row.unit(), row.amount(), row.check(), row.ours(), all);
    }

    private Row row(String group, String label, ConvShape s, Supplier<Work> ours, Function<Format, Work> peer) {
        String name = s.n() + "x" + s.cin() + "-" + s.cout() + "@" + s.size();
        return new Row(group + "/" + name, label + "%d × %d→%d at %d²".formatted(s.n(), s.cin(), s.cout(), s.size()), Row.Unit.FLOPS,
                s.flops(), Row.Check.relative(TOLERANCE), ours, bothFormats(peers, peer));
    }

    /** A peer in either memory format, or none. */
    static Map<String, Supplier<Work>> bothFormats(boolean peers, Function<Format, Work> peer) {
        Map<String, Supplier<Work>> formats = new LinkedHashMap<>();
        if (peers) {
            formats.put("NCHW", () -> peer.apply(Format.NCHW));
            formats.put("channels_last", () -> peer.apply(Format.CHANNELS_LAST));
        }
        return formats;
    }

    private static Work torchForward(ConvShape s, Format f) {
        return TorchOps.convForward(s, f, x(s), weight(s), bias(s));
    }

    private Work forward(ConvShape s, boolean prepareEachTime) {
        Layout in = layout(s, s.cin());
        Layout out = Layout.blocked(s.n(), s.size(), s.size(), s.cout(), 0);
        ConvForward kernel = new ConvForward(shape(s), in, out, null, !prepareEachTime, workers, ConvRule.fromProperties());
        Slice x = Inputs.toLayout(x(s), in);
        Slice w = weights(s);
        Slice bias = Inputs.aligned(bias(s));
        Slice prepared = kernel.preparedFloats() == 0 ? w : Inputs.zeros(kernel.preparedFloats());
        Slice y = Inputs.zeros(out.floats());
        Slice scratch = Inputs.zeros(kernel.scratchFloats());
        kernel.prepare(w, prepared);
        return new KernelWork() {
            @Override
            public void run() {
                if (prepareEachTime) {
                    kernel.prepare(w, prepared);
                }
                kernel.run(x, prepared, y, bias, null, null, scratch);
            }

            @Override
            float[][] read() {
                return new float[][] {Inputs.fromLayout(y, out)};
            }
        };
    }

    /** As in training: the weights have just changed, so they are prepared each time. */
    private Work backwardData(ConvShape s) {
        Layout in = layout(s, s.cout());
        Layout out = Layout.blocked(s.n(), s.size(), s.size(), s.cin(), 0);
        ConvBackwardData kernel = new ConvBackwardData(shape(s), in, out, false, workers, ConvRule.fromProperties());
        Slice dy = Inputs.toLayout(dy(s), in);
        Slice w = weights(s);
        Slice prepared = kernel.preparedFloats() == 0 ? w : Inputs.zeros(kernel.preparedFloats());
        Slice dx = Inputs.zeros(out.floats());
        Slice scratch = Inputs.zeros(kernel.scratchFloats());
        return new KernelWork() {
            @Override
            public void run() {
                kernel.prepare(w, prepared);
                kernel.run(dy, prepared, dx, scratch);
            }

            @Override
            float[][] read() {
                return new float[][] {Inputs.fromLayout(dx, out)};
            }
        };
    }

    private Work backwardWeights(ConvShape s) {
        Layout in = layout(s, s.cin());
        Layout out = layout(s, s.cout());
        ConvBackwardWeights kernel = new ConvBackwardWeights(shape(s), in, out, workers, ConvRule.fromProperties());
        Slice x = Inputs.toLayout(x(s), in);
        Slice dy = Inputs.toLayout(dy(s), out);
        Slice dw = Inputs.zeros(s.weights());
        Slice db = Inputs.zeros(s.cout());
        Slice scratch = Inputs.zeros(kernel.scratchFloats());
        return new KernelWork() {
            @Override
            public void run() {
                kernel.run(x, dy, dw, db, scratch);
            }

            /** The kernel adds to what is there. */
            @Override
            void reset() {
                Arrays.fill(dw.array(), 0);
                Arrays.fill(db.array(), 0);
            }

            @Override
            float[][] read() {
                return new float[][] {Inputs.channelsFirst(Inputs.dense(dw), s.cout(), s.cin(), s.kernel(), s.kernel()), Inputs.dense(db)};
            }
        };
    }

    /** With the halo that a 3×3 kernel reads. */
    private static Layout layout(ConvShape s, int channels) {
        return Layout.blocked(s.n(), s.size(), s.size(), channels, s.kernel() / 2);
    }

    private static sirocco.cpu.conv.ConvShape shape(ConvShape s) {
        return sirocco.cpu.conv.ConvShape.same(s.n(), s.size(), s.size(), s.cin(), s.cout(), s.kernel());
    }

    private static Slice weights(ConvShape s) {
        return Inputs.aligned(Inputs.channelsLast(weight(s), s.cout(), s.cin(), s.kernel(), s.kernel()));
    }

    private static float[] x(ConvShape s) {
        return Inputs.normal(1, s.inputs());
    }

    /** OIHW, scaled so that results are of size 1. */
    private static float[] weight(ConvShape s) {
        return Inputs.normal(2, s.weights(), 1 / Math.sqrt(s.cin() * s.kernel() * s.kernel()));
    }

    private static float[] bias(ConvShape s) {
        return Inputs.normal(3, s.cout());
    }

    private static float[] dy(ConvShape s) {
        return Inputs.normal(4, s.outputs());
    }
}
