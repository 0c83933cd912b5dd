package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Puts together what the parts of gpu-check left in a folder: check-*.json, bench-*.json, torch.json and missing.log. Any of them may be missing.
 */
final class GpuReport {
    private static final JsonMapper JSON = new JsonMapper();

    /** Rows of the kernels' table: the slowest, which are what counts. */
    private static final int KERNELS = 20;

    private final Map<String, JsonNode> checks = new LinkedHashMap<>();
    private final List<JsonNode> benches = new ArrayList<>();
    private final JsonNode torch;
    private final List<String> missing;
    private final StringBuilder text = new StringBuilder();

    GpuReport(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.matches("check-.*\\.json")) {
                    checks.put(name.substring("check-".length(), name.length() - ".json".length()), JSON.readTree(file.toFile()));
                } else if (name.matches("bench-.*\\.json")) {
                    benches.add(JSON.readTree(file.toFile()));
                }
            }
        }
        Path peer = folder.resolve("torch.json");
        torch = Files.exists(peer) ? JSON.readTree(peer.toFile()) : JSON.createObjectNode();
        Path log = folder.resolve("missing.log");
        missing = Files.exists(log) ? Files.readAllLines(log) : List.of();
    }

    /** Everything in one. */
    ObjectNode json() {
        ObjectNode all = JSON.createObjectNode();
        all.set("checks", JSON.valueToTree(checks));
        all.set("benches", JSON.valueToTree(benches));
        all.set("torch", torch);
        all.set("missing", JSON.valueToTree(missing));
        return all;
    }

    /** The table, as Markdown. */
    String markdown() {
        text.setLength(0);
        Stream.concat(benches.stream(), checks.values().stream()).findFirst()
                .ifPresent(b -> say("%s%s%n%n", b.path("device").asText(), torch.has("torch") ? "; PyTorch " + torch.get("torch").asText() : ""));
        if (!checks.isEmpty()) {
            say("| checks | passed | failed | skipped | most of a tolerance used |%n|---|---|---|---|---|%n");
            checks.forEach((name, c) -> say("| %s | %d | %d | %d | %.3g |%n", name, c.path("passed").asInt(), c.path("failed").asInt(),
                    c.path("skipped").asInt(), worst(c)));
            say("%n");
        }
        peaks();
        steps();
        benches.stream().filter(b -> b.path("what").asText().equals("train")).forEach(this::kernels);
        benches.stream().filter(b -> b.has("variants")).forEach(this::variants);
        missing.forEach(line -> say("- %s%n", line));
        return text.toString();
    }

    private void say(String format, Object... args) {
        text.append(String.format(Locale.ROOT, format, args));
    }

    private static double worst(JsonNode check) {
        return elements(check.path("checks")).mapToDouble(c -> c.path("share_of_tolerance").asDouble(Double.POSITIVE_INFINITY)).max().orElse(0);
    }

    private void peaks() {
        JsonNode theirs = torch.path("peaks");
        List<JsonNode> ours = benches.stream().filter(b -> isPeak(b)).toList();
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
        List<JsonNode> ours = benches.stream().filter(b -> !isPeak(b)).toList();
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
                double peer = elements(torch.path("steps")).filter(s -> s.path("mode").asText().equals(mode) && same(s, b, "what")
                        && same(s, b, "batch") && same(s, b, "precision")).mapToDouble(s -> s.path("ms").asDouble()).findFirst().orElse(Double.NaN);
                best = Double.isNaN(peer) ? best : Math.min(best, peer);
                peers.append(Double.isNaN(peer) ? "" : String.format(Locale.ROOT, "%.3f", peer)).append(" | ");
            }
            say("| %s %s, batch %d, %s | %.3f | %.0f | %.2f | %s%s |%n", b.path("preset").asText(), b.path("what").asText(), b.path("batch").asInt(),
                    b.path("precision").asText(), ms, b.path("batch").asInt() / ms * 1e3, b.path("gflop_per_s").asDouble() * 1e-3, peers,
                    Double.isInfinite(best) ? "" : String.format(Locale.ROOT, "**%.2f ×**", best / ms));
        }
        say("%n");
    }

    private static boolean same(JsonNode a, JsonNode b, String field) {
        return a.path(field).asText().equals(b.path(field).asText());
    }

    private void kernels(JsonNode bench) {
        List<JsonNode> rows = elements(bench.path("kernels")).limit(KERNELS).toList();
        if (rows.isEmpty()) {
            return;
        }
        double total = elements(bench.path("kernels")).mapToDouble(r -> r.path("nanos").asDouble()).sum();
        say("| %s batch %d, %s: kernel | shape | each, µs | share | TFLOP/s | PyTorch, µs | speed-up | algorithm |%n|---|---|---|---|---|---|---|---|%n",
                bench.path("what").asText(), bench.path("batch").asInt(), bench.path("precision").asText());
        for (JsonNode r : rows) {
            double nanos = r.path("nanos").asDouble();
            double each = nanos * 1e-3 / r.path("count").asInt(1);
            double peer = elements(torch.path("kernels")).filter(k -> same(k, r, "kind") && same(k, r, "shape") && same(k, bench, "precision"))
                    .mapToDouble(k -> k.path("ms").asDouble() * 1e3).findFirst().orElse(Double.NaN);
            say("| %s | %s | %.1f | %.1f %% | %s | %s | %s | %s |%n", r.path("kind").asText(), r.path("shape").asText(), each, 100 * nanos / total,
                    r.path("flops").asLong() == 0 ? "" : String.format(Locale.ROOT, "%.1f", r.path("flops").asDouble() / nanos * 1e-3),
                    Double.isNaN(peer) ? "" : String.format(Locale.ROOT, "%.1f", peer),
                    Double.isNaN(peer) ? "" : String.format(Locale.ROOT, "%.2f ×", peer / each), r.path("algorithm").asText());
        }
        say("%n");
    }

    /** What each variant takes for a kernel and a shape, the fastest first, as the file has them. */
    private void variants(JsonNode bench) {
        Map<List<String>, List<JsonNode>> ways = new LinkedHashMap<>();
        elements(bench.path("variants")).forEach(r -> ways.computeIfAbsent(List.of(r.path("kind").asText(), r.path("shape").asText()), _ -> new ArrayList<>()).add(r));
        say("| %s batch %d, %s: kernel | shape | variants, µs each |%n|---|---|---|%n", bench.path("what").asText(), bench.path("batch").asInt(),
                bench.path("precision").asText());
        ways.forEach((kernel, rows) -> say("| %s | %s | %s |%n", kernel.get(0), kernel.get(1), rows.stream().map(r -> String.format(Locale.ROOT, "%s %.1f",
                r.path("algorithm").asText(), r.path("nanos").asDouble() * 1e-3 / r.path("count").asInt(1))).collect(Collectors.joining(", "))));
        say("%n");
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }
}
