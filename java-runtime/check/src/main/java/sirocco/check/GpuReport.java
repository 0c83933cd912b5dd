package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts together what the stages of gpu-check left in a folder. */
final class GpuReport {
    /** Rows of the kernels' table: the slowest, which are what counts. */
    private static final int KERNELS = 20;

    private final GpuFindings found;
    private final StringBuilder text = new StringBuilder();

    GpuReport(Path folder) throws IOException {
        found = new GpuFindings(folder);
    }

    /** Everything in one. */
    ObjectNode json() {
        return found.json();
    }

    /** The tables, as Markdown; what is asked of the backend comes last. */
    String markdown() {
        text.setLength(0);
        Stream.concat(found.benches.stream(), found.checks.values().stream()).findFirst()
                .ifPresent(b -> say("%s%s%n%n", b.path("device").asText(), found.torch.has("torch") ? "; PyTorch " + found.torch.get("torch").asText() : ""));
        checks();
        peaks();
        steps();
        found.benches.stream().filter(b -> b.path("batch").asInt() > 1).forEach(this::kernels);
        found.variants.forEach(this::variants);
        targets();
        tornado();
        found.missing.forEach(line -> say("- %s%n", line));
        return text.toString();
    }

    private void checks() {
        if (found.checks.isEmpty()) {
            return;
        }
        say("| checks | passed | failed | skipped | most of a tolerance used |%n|---|---|---|---|---|%n");
        found.checks.forEach((name, c) -> say("| %s%s | %d | %d | %d | %.3g |%n", name, c.path("complete").asBoolean(true) ? "" : ", cut off",
                c.path("passed").asInt(), c.path("failed").asInt(), c.path("skipped").asInt(), worst(c)));
        say("%n");
        found.checks.forEach((name, c) -> GpuFindings.elements(c.path("checks")).filter(o -> o.path("verdict").asText().equals("failed"))
                .forEach(o -> say("- FAILED, %s, %s: %s: %s%n", name, o.path("group").asText(), o.path("case").asText(), o.path("problems").path(0).asText())));
        if (found.checks.values().stream().anyMatch(c -> c.path("failed").asInt() > 0)) {
            say("%n");
        }
    }

    private void targets() {
        if (found.benches.stream().noneMatch(b -> b.path("preset").asText().equals("cifar10") && !isPeak(b))) {
            return;
        }
        say("| CIFAR-10 model, bf16 | against | measured | at least | aim | | |%n|---|---|---|---|---|---|---|%n");
        for (Targets.Target t : Targets.of(found)) {
            boolean share = t.of().startsWith("measured");
            say("| %s | %s | %s | %s | %s | %s | %s |%n", t.name(), t.of(), number(t.value(), share), number(t.least(), share), number(t.aim(), share), t.verdict(), t.note());
        }
        say("%n");
    }

    private void tornado() {
        if (found.tornado.isEmpty()) {
            return;
        }
        say("| TornadoVM's kernels, CIFAR-10 model, f32 | against | measured | at least | aim | | |%n|---|---|---|---|---|---|---|%n");
        for (Targets.Target t : TornadoTargets.of(found)) {
            say("| %s | %s | %s | %s | %s | %s | %s |%n", t.name(), t.of(), number(t.value(), false), number(t.least(), false), number(t.aim(), false), t.verdict(), t.note());
        }
        say("%n");
    }

    private static String number(Double x, boolean share) {
        return x == null ? "" : share ? String.format(Locale.ROOT, "%.0f %%", 100 * x) : String.format(Locale.ROOT, "%.2f ×", x);
    }

    private void say(String format, Object... args) {
        text.append(String.format(Locale.ROOT, format, args));
    }

    private static double worst(JsonNode check) {
        return GpuFindings.elements(check.path("checks")).mapToDouble(c -> c.path("share_of_tolerance").asDouble(Double.POSITIVE_INFINITY)).max().orElse(0);
    }

    private void peaks() {
        JsonNode theirs = found.torch.path("peaks");
        List<JsonNode> ours = found.benches.stream().filter(GpuReport::isPeak).toList();
        if (ours.isEmpty() && theirs.isEmpty()) {
            return;
        }
        say("| measured peak | Sirocco's kernels | PyTorch |%n|---|---|---|%n");
        for (JsonNode b : ours) {
            boolean copy = b.path("what").asText().equals("copy");
            String precision = b.path("precision").asText();
            double mine = copy ? b.path("gb_per_s").asDouble() : b.path("gflop_per_s").asDouble() * 1e-3;
            JsonNode peer = theirs.path(copy ? "copy_gb_per_s" : "product_" + precision + "_tflop_per_s");
            say("| %s | %.1f %s | %s |%n", copy ? "one pass over memory" : "matrix product, " + precision, mine, copy ? "GB/s" : "TFLOP/s",
                    peer.isNumber() ? String.format(Locale.ROOT, "%.1f", peer.asDouble()) : "");
        }
        say("%n");
    }

    private static boolean isPeak(JsonNode b) {
        return List.of("copy", "product").contains(b.path("what").asText());
    }

    private void steps() {
        List<JsonNode> ours = found.benches.stream().filter(b -> !isPeak(b)).toList();
        if (ours.isEmpty()) {
            return;
        }
        say("| step | Sirocco, ms | images/s | TFLOP/s | PyTorch eager, ms | compile | compile + graphs | speed-up over the best |%n"
                + "|---|---|---|---|---|---|---|---|%n");
        for (JsonNode b : ours) {
            double ms = b.path("median_ms").asDouble();
            double best = Double.POSITIVE_INFINITY;
            StringBuilder peers = new StringBuilder();
            for (String mode : List.of("eager", "compile", "compile+graphs")) {
                double peer = found.torchStep(b, mode).orElse(Double.NaN);
                best = Double.isNaN(peer) ? best : Math.min(best, peer);
                peers.append(Double.isNaN(peer) ? "" : String.format(Locale.ROOT, "%.3f", peer)).append(" | ");
            }
            say("| %s %s, batch %d, %s%s | %.3f | %.0f | %.2f | %s%s |%n", b.path("preset").asText(), b.path("what").asText(), b.path("batch").asInt(),
                    b.path("precision").asText(), GpuFindings.overlap(b), ms, b.path("batch").asInt() / ms * 1e3, b.path("gflop_per_s").asDouble() * 1e-3, peers,
                    Double.isInfinite(best) ? "" : String.format(Locale.ROOT, "**%.2f ×**", best / ms));
        }
        say("%n");
    }

    private void kernels(JsonNode bench) {
        List<JsonNode> rows = GpuFindings.elements(bench.path("kernels")).toList();
        if (rows.isEmpty()) {
            return;
        }
        double total = rows.stream().mapToDouble(r -> r.path("nanos").asDouble()).sum();
        say("| %s batch %d, %s: kernel | shape | each, µs | share | TFLOP/s | GB/s | of peak | PyTorch, µs | speed-up | algorithm |%n|---|---|---|---|---|---|---|---|---|---|%n",
                bench.path("what").asText(), bench.path("batch").asInt(), bench.path("precision").asText());
        for (JsonNode r : rows.subList(0, Math.min(KERNELS, rows.size()))) {
            double nanos = r.path("nanos").asDouble();
            double each = nanos / r.path("count").asInt(1);
            OptionalDouble peer = found.torchKernel(bench, r);
            say("| %s | %s | %.1f | %.1f %% | %s | %.0f | %.0f %% | %s | %s | %s |%n", r.path("kind").asText(), r.path("shape").asText(), each * 1e-3, 100 * nanos / total,
                    r.path("flops").asLong() == 0 ? "" : String.format(Locale.ROOT, "%.1f", r.path("flops").asDouble() / nanos * 1e-3),
                    r.path("bytes").asDouble() / nanos, 100 * r.path("ofPeak").asDouble(),
                    peer.isEmpty() ? "" : String.format(Locale.ROOT, "%.1f", peer.getAsDouble() * 1e-3),
                    peer.isEmpty() ? "" : String.format(Locale.ROOT, "%.2f ×", peer.getAsDouble() / each), r.path("algorithm").asText());
        }
        say("%n");
    }

    /** What each variant takes for a kernel and a shape, the fastest first, as the file has them. */
    private void variants(JsonNode bench) {
        Map<List<String>, List<JsonNode>> ways = new LinkedHashMap<>();
        GpuFindings.elements(bench.path("variants")).forEach(r -> ways.computeIfAbsent(List.of(r.path("kind").asText(), r.path("shape").asText()), _ -> new ArrayList<>()).add(r));
        say("| %s batch %d, %s: kernel | shape | variants, µs each |%n|---|---|---|%n", bench.path("what").asText(), bench.path("batch").asInt(),
                bench.path("precision").asText());
        ways.forEach((kernel, rows) -> say("| %s | %s | %s |%n", kernel.get(0), kernel.get(1), rows.stream().map(r -> String.format(Locale.ROOT, "%s %.1f",
                r.path("algorithm").asText(), r.path("nanos").asDouble() * 1e-3 / r.path("count").asInt(1))).collect(Collectors.joining(", "))));
        say("%n");
    }
}
