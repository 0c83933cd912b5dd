package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What the CUDA backend is to reach on the CIFAR-10 model of Ho et al. 2020, in bf16 beside PyTorch or beside the measured peaks, and what it does. */
final class Targets {
    private static final String PRECISION = "bf16";
    private static final int TRAIN = 128;
    private static final int SAMPLE = 256;

    /** A kernel that would take less at the copy's rate is bound by its launch. */
    private static final double LAUNCH_BOUND_NANOS = 10_000;
    /** What the start and end of a small kernel inside a graph take, at least and as a rule. */
    private static final double SHORT_LAUNCH_NANOS = 2000;
    private static final double LAUNCH_NANOS = 3000;

    /** What a target's numbers are. */
    enum Unit {
        /** Times as fast as a peer. */
        TIMES,
        /** A share of a measured peak. */
        SHARE,
        /** Microseconds, of which fewer are better. */
        MICROS
    }

    /**
     * One target.
     *
     * @param name of what is measured
     * @param of what {@code value} is a share or a multiple of, or is bound by
     * @param value that was measured; null if it was not
     * @param least that is required; null if nothing is
     * @param aim that is wanted
     * @param note what stands behind the value, or why there is none
     */
    record Target(String name, String of, Unit unit, Double value, Double least, double aim, String note) {
        String verdict() {
            return value == null ? "not measured" : reaches(aim) ? "aim reached" : least == null ? "" : reaches(least) ? "enough" : "**too slow**";
        }

        private boolean reaches(double wanted) {
            return unit == Unit.MICROS ? value <= wanted : value >= wanted;
        }

        String text(Double x) {
            return x == null ? "" : switch (unit) {
                case TIMES -> String.format(Locale.ROOT, "%.2f ×", x);
                case SHARE -> String.format(Locale.ROOT, "%.0f %%", 100 * x);
                case MICROS -> String.format(Locale.ROOT, "%.1f µs", x);
            };
        }
    }

    private final GpuFindings found;
    private final List<Target> targets = new ArrayList<>();

    private Targets(GpuFindings found) {
        this.found = found;
    }

    static List<Target> of(GpuFindings found) {
        Targets t = new Targets(found);
        for (String[] kind : new String[][] {{"Conv2d", "forward"}, {"Conv2dBackwardData", "backward-data"}, {"Conv2dBackwardWeights", "backward-weights"}}) {
            t.besideTorch("3×3 convolution, " + kind[1] + ", batch " + TRAIN, "cuDNN",
                    r -> r.path("kind").asText().equals(kind[0]) && r.path("shape").asText().contains(", 3×3"), 0.7, 1.1);
        }
        t.besideTorch("attention, 256 tokens, d = 256, forward and backward", "scaled_dot_product_attention",
                r -> r.path("kind").asText().matches("Attention(Backward)?") && r.path("shape").asText().endsWith(",16,16,256]"), 0.8, 1.3);
        t.ofTheCopy("GroupNorm + SiLU, forward", "train", TRAIN, "GroupNormSilu");
        t.ofTheCopy("GroupNorm + SiLU, backward", "train", TRAIN, "GroupNormSiluBackward");
        t.ofTheCopy("noising", "train", TRAIN, "Noising");
        t.ofTheCopy("sampling step's update, batch " + SAMPLE, "sample", SAMPLE, "SamplingStep");
        t.ofTheCopy("AdamEma", "train", TRAIN, "AdamEma");
        t.step("training step, batch " + TRAIN, "train", TRAIN, "torch.compile or CUDA graphs", List.of("graph", "compile", "compile+graphs"), 1.0, 1.5);
        t.ofTheProduct("the same");
        t.step("sampling step, batch " + SAMPLE, "sample", SAMPLE, "torch.compile or CUDA graphs", List.of("graph", "compile", "compile+graphs"), 1.0, 1.5);
        t.step("sampling step, batch 1", "sample", 1, "torch.compile or CUDA graphs", List.of("graph", "compile", "compile+graphs"), 1.5, 3.0);
        return t.targets;
    }

    private static final String NOT_TIMED = "Sirocco was not timed";

    private Stream<JsonNode> rows(String what, int batch, Predicate<JsonNode> which) {
        return found.benches(what, batch, PRECISION).limit(1).flatMap(b -> GpuFindings.elements(b.path("kernels"))).filter(which);
    }

    /** Kernels of the training step, all together: each shape counts as often and as long as it is in a step. */
    private void besideTorch(String name, String peer, Predicate<JsonNode> which, double least, double aim) {
        JsonNode bench = found.benches("train", TRAIN, PRECISION).findFirst().orElse(null);
        double ours = 0;
        double theirs = 0;
        double worst = Double.POSITIVE_INFINITY;
        String slowest = "";
        int without = 0;
        List<JsonNode> rows = rows("train", TRAIN, which).toList();
        for (JsonNode row : rows) {
            OptionalDouble each = found.torchKernel(bench, row);
            if (each.isEmpty()) {
                without++;
                continue;
            }
            double mine = row.path("nanos").asDouble();
            double peers = each.getAsDouble() * row.path("count").asInt();
            ours += mine;
            theirs += peers;
            if (peers / mine < worst) {
                worst = peers / mine;
                slowest = row.path("kind").asText() + " " + row.path("shape").asText();
            }
        }
        boolean measured = ours > 0;
        String note = rows.isEmpty() ? NOT_TIMED : !measured ? "PyTorch was not timed" : String.format(Locale.ROOT, "%d shapes, worst %.2f × at %s%s", rows.size() - without,
                worst, slowest, without == 0 ? "" : "; " + without + " more have no time of PyTorch's");
        targets.add(new Target(name, peer, Unit.TIMES, measured ? theirs / ours : null, least, aim, note));
    }

    /** A share of the copy's rate, or microseconds where the launch takes longer than that. */
    private void ofTheCopy(String name, String what, int batch, String kind) {
        JsonNode bench = found.benches(what, batch, PRECISION).findFirst().orElse(null);
        List<JsonNode> rows = rows(what, batch, r -> r.path("kind").asText().equals(kind)).toList();
        OptionalDouble peak = bench == null ? OptionalDouble.empty() : found.copyPeak(bench);
        double nanos = rows.stream().mapToDouble(r -> r.path("nanos").asDouble()).sum();
        double bytes = rows.stream().mapToDouble(r -> r.path("bytes").asDouble()).sum();
        double count = rows.stream().mapToDouble(r -> r.path("count").asDouble()).sum();
        if (nanos == 0 || peak.isEmpty()) {
            targets.add(new Target(name, "measured copy", Unit.SHARE, null, 0.75, 0.9, nanos > 0 ? "no copy was timed in the same call" : NOT_TIMED));
            return;
        }
        double copy = bytes / count / peak.getAsDouble() * 1e9;
        if (copy < LAUNCH_BOUND_NANOS) {
            targets.add(new Target(name, "launch and copy", Unit.MICROS, nanos / count * 1e-3, (LAUNCH_NANOS + copy / 0.75) * 1e-3, (SHORT_LAUNCH_NANOS + copy / 0.9) * 1e-3,
                    String.format(Locale.ROOT, "%.1f MB, %.1f µs at the measured copy's rate", bytes / count * 1e-6, copy * 1e-3)));
        } else {
            targets.add(new Target(name, "measured copy", Unit.SHARE, bytes / nanos * 1e9 / peak.getAsDouble(), 0.75, 0.9,
                    String.format(Locale.ROOT, "%.0f of %.0f GB/s", bytes / nanos, peak.getAsDouble() * 1e-9)));
        }
    }

    private void step(String name, String what, int batch, String peer, List<String> modes, double least, double aim) {
        JsonNode bench = found.benches(what, batch, PRECISION).findFirst().orElse(null);
        OptionalDouble best = bench == null ? OptionalDouble.empty()
                : modes.stream().map(m -> found.torchStep(bench, m)).flatMapToDouble(OptionalDouble::stream).min();
        double ms = bench == null ? 0 : bench.path("median_ms").asDouble();
        targets.add(new Target(name, peer, Unit.TIMES, best.isPresent() ? best.getAsDouble() / ms : null, least, aim, bench == null ? NOT_TIMED
                : String.format(Locale.ROOT, "%.3f ms, %s", ms, best.isPresent() ? String.format(Locale.ROOT, "PyTorch %.3f ms", best.getAsDouble()) : "PyTorch was not timed")));
    }

    private void ofTheProduct(String name) {
        JsonNode bench = found.benches("train", TRAIN, PRECISION).findFirst().orElse(null);
        OptionalDouble peak = bench == null ? OptionalDouble.empty() : found.productPeak(bench);
        double rate = bench == null ? 0 : bench.path("gflop_per_s").asDouble() * 1e9;
        boolean measured = peak.isPresent();
        targets.add(new Target(name, "measured matrix product", Unit.SHARE, measured ? rate / peak.getAsDouble() : null, null, 0.4,
                measured ? String.format(Locale.ROOT, "%.1f of %.1f TFLOP/s, %.1f steps/s", rate * 1e-12, peak.getAsDouble() * 1e-12, 1e3 / bench.path("median_ms").asDouble())
                        : bench == null ? NOT_TIMED : "no matrix product was timed in the same call"));
    }
}
