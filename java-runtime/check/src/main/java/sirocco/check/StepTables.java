package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The report's tables of peaks and of whole steps. */
final class StepTables {
    private final GpuFindings found;
    private final StringBuilder text;

    StepTables(GpuFindings found, StringBuilder text) {
        this.found = found;
        this.text = text;
    }

    void write() {
        peaks();
        steps();
    }

    static boolean isPeak(JsonNode b) {
        return List.of("copy", "product").contains(b.path("what").asText());
    }

    private void say(String format, Object... args) {
        text.append(String.format(Locale.ROOT, format, args));
    }

    private void peaks() {
        List<JsonNode> ours = found.benches.stream().filter(StepTables::isPeak).toList();
        if (ours.isEmpty() && found.torchPeaks.isEmpty()) {
            return;
        }
        say("| measured peak | call | Sirocco's kernels | PyTorch | GPU |%n|---|---|---|---|---|%n");
        for (JsonNode b : ours) {
            boolean copy = b.path("what").asText().equals("copy");
            String precision = b.path("precision").asText();
            double mine = copy ? b.path("gb_per_s").asDouble() : b.path("gflop_per_s").asDouble() * 1e-3;
            JsonNode theirs = found.torchPeaks.get(b.path("call").asInt());
            JsonNode peer = theirs == null ? null : theirs.path(copy ? "copy_gb_per_s" : "product_" + precision + "_tflop_per_s");
            say("| %s | %d | %.1f %s | %s | %s |%n", copy ? "one pass over memory" : "matrix product, " + precision, b.path("call").asInt(), mine, copy ? "GB/s" : "TFLOP/s",
                    peer != null && peer.isNumber() ? String.format(Locale.ROOT, "%.1f", peer.asDouble()) : "", readings(b));
        }
        if (ours.isEmpty()) {
            found.torchPeaks.forEach((call, peaks) -> peaks.properties().stream().filter(p -> p.getValue().isNumber()).forEach(p -> say("| %s | %d | | %.1f | |%n",
                    p.getKey(), call, p.getValue().asDouble())));
        }
        say("%n");
    }

    /** What the device's sensors said during the timed rounds. */
    static String readings(JsonNode bench) {
        return bench.path("readings").properties().stream().map(r -> String.format(Locale.ROOT, "%s %.0f", r.getKey().replace('_', ' '), r.getValue().asDouble()))
                .collect(Collectors.joining(", "));
    }

    private void steps() {
        List<JsonNode> ours = found.benches.stream().filter(b -> !isPeak(b)).toList();
        if (ours.isEmpty()) {
            return;
        }
        say("| step | Sirocco, ms | images/s | TFLOP/s | PyTorch eager, ms | CUDA graph | compile | compile + graphs | speed-up over the best | GPU |%n"
                + "|---|---|---|---|---|---|---|---|---|---|%n");
        for (JsonNode b : ours) {
            double ms = b.path("median_ms").asDouble();
            double best = Double.POSITIVE_INFINITY;
            StringBuilder peers = new StringBuilder();
            for (String mode : List.of("eager", "graph", "compile", "compile+graphs")) {
                double peer = found.torchStep(b, mode).orElse(Double.NaN);
                best = Double.isNaN(peer) ? best : Math.min(best, peer);
                peers.append(Double.isNaN(peer) ? "" : String.format(Locale.ROOT, "%.3f", peer)).append(" | ");
            }
            say("| %s %s, batch %d, %s%s | %.3f | %.0f | %.2f | %s%s | %s |%n", b.path("preset").asText(), b.path("what").asText(), b.path("batch").asInt(),
                    b.path("precision").asText(), GpuFindings.differences(b), ms, b.path("batch").asInt() / ms * 1e3, b.path("gflop_per_s").asDouble() * 1e-3, peers,
                    Double.isInfinite(best) ? "" : String.format(Locale.ROOT, "**%.2f ×**", best / ms), readings(b));
        }
        say("%n");
    }
}
