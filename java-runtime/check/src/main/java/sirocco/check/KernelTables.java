package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** The report's tables of single kernels: one level beside another, each beside its limit and PyTorch's, and every variant. */
final class KernelTables {
    private final GpuFindings found;
    private final StringBuilder text;
    private final int most;

    /** @param most rows of a step's table, the slowest */
    KernelTables(GpuFindings found, StringBuilder text, int most) {
        this.found = found;
        this.text = text;
        this.most = most;
    }

    void write() {
        found.benches.stream().filter(b -> !GpuFindings.kernels(b).isEmpty()).forEach(this::beside);
        found.benches.stream().filter(b -> b.path("batch").asInt() > 1).forEach(this::kernels);
        found.variants.forEach(this::variants);
    }

    private void say(String format, Object... args) {
        text.append(String.format(Locale.ROOT, format, args));
    }

    private static String step(JsonNode bench) {
        return bench.path("what").asText() + " batch " + bench.path("batch").asInt() + ", " + bench.path("precision").asText();
    }

    private static double each(JsonNode row) {
        return row.path("nanos").asDouble() / row.path("count").asInt(1);
    }

    /** The share of the limit that a row reaches; empty without peaks of the same call. */
    private String share(JsonNode bench, JsonNode row) {
        OptionalDouble limit = found.limit(bench, row);
        return limit.isEmpty() ? "" : String.format(Locale.ROOT, "%.0f %%", 100 * limit.getAsDouble() / row.path("nanos").asDouble());
    }

    /** Kernels that were asked for, beside those that the backend takes by itself. */
    private void beside(JsonNode bench) {
        JsonNode own = found.benches(bench.path("what").asText(), bench.path("batch").asInt(), bench.path("precision").asText()).findFirst().orElse(null);
        if (own == null) {
            return;
        }
        List<String> lines = new ArrayList<>();
        double before = 0;
        double after = 0;
        for (JsonNode r : bench.path("kernels")) {
            JsonNode o = GpuFindings.elements(own.path("kernels")).filter(k -> k.path("kind").equals(r.path("kind")) && k.path("shape").equals(r.path("shape")))
                    .findFirst().orElse(null);
            if (o == null || o.path("algorithm").equals(r.path("algorithm"))) {
                continue;
            }
            before += o.path("nanos").asDouble();
            after += r.path("nanos").asDouble();
            lines.add(String.format(Locale.ROOT, "| %s | %s | %s | %.1f | %s | %s | %.1f | %s | %.2f × |%n", r.path("kind").asText(), r.path("shape").asText(),
                    o.path("algorithm").asText(), each(o) * 1e-3, share(own, o), r.path("algorithm").asText(), each(r) * 1e-3, share(bench, r), each(o) / each(r)));
        }
        if (lines.isEmpty()) {
            return;
        }
        say("| %s: kernel | shape | by the rule | each, µs | of limit | %s | each, µs | of limit | faster |%n|---|---|---|---|---|---|---|---|---|%n", step(bench),
                GpuFindings.differences(bench).replaceFirst("^, ", ""));
        lines.forEach(text::append);
        say("| all together | | | %.1f | | | %.1f | | %.2f × |%n%n", before * 1e-3, after * 1e-3, before / after);
    }

    private void kernels(JsonNode bench) {
        List<JsonNode> rows = GpuFindings.elements(bench.path("kernels")).toList();
        if (rows.isEmpty()) {
            return;
        }
        double total = rows.stream().mapToDouble(r -> r.path("nanos").asDouble()).sum();
        say("| %s%s: kernel | shape | each, µs | share | TFLOP/s | GB/s | of limit | PyTorch, µs | speed-up | algorithm |%n|---|---|---|---|---|---|---|---|---|---|%n",
                step(bench), GpuFindings.differences(bench));
        for (JsonNode r : rows.subList(0, Math.min(most, rows.size()))) {
            double nanos = r.path("nanos").asDouble();
            OptionalDouble peer = found.torchKernel(bench, r);
            say("| %s | %s | %.1f | %.1f %% | %s | %.0f | %s | %s | %s | %s |%n", r.path("kind").asText(), r.path("shape").asText(), each(r) * 1e-3, 100 * nanos / total,
                    r.path("flops").asLong() == 0 ? "" : String.format(Locale.ROOT, "%.1f", r.path("flops").asDouble() / nanos * 1e-3),
                    r.path("bytes").asDouble() / nanos, share(bench, r),
                    peer.isEmpty() ? "" : String.format(Locale.ROOT, "%.1f", peer.getAsDouble() * 1e-3),
                    peer.isEmpty() ? "" : String.format(Locale.ROOT, "%.2f ×", peer.getAsDouble() / each(r)), r.path("algorithm").asText());
        }
        say("%n");
    }

    /** What each variant takes for a kernel and a shape, the fastest first, as the file has them. */
    private void variants(JsonNode bench) {
        Map<List<String>, List<JsonNode>> ways = new LinkedHashMap<>();
        GpuFindings.elements(bench.path("variants")).forEach(r -> ways.computeIfAbsent(List.of(r.path("kind").asText(), r.path("shape").asText()), _ -> new ArrayList<>()).add(r));
        say("| %s: kernel | shape | variants, µs each |%n|---|---|---|%n", step(bench));
        ways.forEach((kernel, rows) -> say("| %s | %s | %s |%n", kernel.get(0), kernel.get(1), rows.stream().map(r -> String.format(Locale.ROOT, "%s %.1f",
                r.path("algorithm").asText(), each(r) * 1e-3)).collect(Collectors.joining(", "))));
        say("%n");
    }
}
