package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What the stages of gpu-check left in a folder: check-*.json, bench-*.json, variants-*.json, torch-*.json, tornado-*.json, and *.missing, a line each on what could not be had. Any of
 * them may be missing, and a file that was cut off is named among them.
 */
final class GpuFindings {
    private static final JsonMapper JSON = new JsonMapper();

    final Map<String, JsonNode> checks = new LinkedHashMap<>();
    final List<JsonNode> benches = new ArrayList<>();
    /** Benches that timed every variant. */
    final List<JsonNode> variants = new ArrayList<>();
    /** Benches of TornadoVM's kernels beside CUDA's. */
    final List<JsonNode> tornado = new ArrayList<>();
    final ObjectNode torch = JSON.createObjectNode();
    final List<String> missing = new ArrayList<>();

    GpuFindings(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".missing")) {
                    missing.addAll(Files.readAllLines(file));
                } else if (name.matches("(check|bench|variants|torch|tornado)-.*\\.json")) {
                    take(name, file);
                }
            }
        }
        benches.sort(Comparator.comparing(GpuFindings::overlapping)); // what was tried comes after what users have
    }

    private void take(String name, Path file) throws IOException {
        JsonNode read;
        try {
            read = JSON.readTree(file.toFile());
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            missing.add(name + " cannot be read: " + e.getOriginalMessage());
            return;
        }
        if (name.startsWith("check-")) {
            checks.put(name.substring("check-".length(), name.length() - ".json".length()), read);
        } else if (name.startsWith("bench-")) {
            benches.add(read);
        } else if (name.startsWith("variants-")) {
            variants.add(read);
        } else if (name.startsWith("tornado-")) {
            tornado.add(read);
        } else {
            // Each stage has lists of its own, or some of the numbers.
            read.properties().forEach(field -> {
                if (field.getValue() instanceof ArrayNode more) {
                    torch.withArray(field.getKey()).addAll(more);
                } else if (field.getValue() instanceof ObjectNode more) {
                    torch.withObject("/" + field.getKey()).setAll(more);
                } else {
                    torch.set(field.getKey(), field.getValue());
                }
            });
        }
    }

    /** Everything in one. */
    ObjectNode json() {
        ObjectNode all = JSON.createObjectNode();
        all.set("checks", JSON.valueToTree(checks));
        all.set("benches", JSON.valueToTree(benches));
        all.set("variants", JSON.valueToTree(variants));
        all.set("torch", torch);
        all.set("missing", JSON.valueToTree(missing));
        all.set("tornado", JSON.valueToTree(tornado));
        all.set("targets", JSON.valueToTree(Targets.of(this)));
        all.set("tornado_targets", JSON.valueToTree(TornadoTargets.of(this)));
        return all;
    }

    /** Of the CIFAR-10 model, as a user would run it. */
    Stream<JsonNode> benches(String what, int batch, String precision) {
        return benches.stream().filter(b -> !overlapping(b)).filter(b -> b.path("what").asText().equals(what) && b.path("batch").asInt() == batch
                && b.path("precision").asText().equals(precision) && b.path("preset").asText().equals("cifar10"));
    }

    /** Whether it was timed with kernels that overlap at their ends, which they do only where it is asked for. */
    static boolean overlapping(JsonNode bench) {
        return bench.path("properties").path("sirocco.cuda.programmatic").asBoolean();
    }

    /** The same, for people: a driver may have refused it, which the line that describes the device says after the runs. */
    static String overlap(JsonNode bench) {
        String device = bench.path("device").asText();
        return !overlapping(bench) ? "" : device.contains("not overlapping") || device.contains("not in loops") ? ", overlap refused" : ", kernels overlapping";
    }

    /** PyTorch's best time of a step like that of a bench, in milliseconds: with weights in float32 under autocast, or in bf16. */
    OptionalDouble torchStep(JsonNode bench, String mode) {
        return elements(torch.path("steps")).filter(s -> s.path("mode").asText().equals(mode) && same(s, bench, "what") && same(s, bench, "batch")
                && same(s, bench, "precision")).mapToDouble(s -> s.path("ms").asDouble()).min();
    }

    /** PyTorch's time of what a row of a bench's kernels computes each time, in nanoseconds. */
    OptionalDouble torchKernel(JsonNode bench, JsonNode row) {
        return elements(torch.path("kernels")).filter(k -> same(k, row, "kind") && same(k, row, "shape") && same(k, bench, "precision"))
                .mapToDouble(k -> k.path("ms").asDouble() * 1e6).findFirst();
    }

    /** The most that anyone has copied in a second, in bytes. */
    OptionalDouble copyPeak() {
        return DoubleStream.concat(torch.path("peaks").path("copy_gb_per_s").isNumber() ? DoubleStream.of(torch.path("peaks").path("copy_gb_per_s").asDouble())
                : DoubleStream.empty(), benches.stream().flatMapToDouble(b -> DoubleStream.of(b.path("peak_gb_per_s").asDouble(),
                b.path("what").asText().equals("copy") ? b.path("gb_per_s").asDouble() : 0))).filter(x -> x > 0).map(x -> x * 1e9).max();
    }

    /** The most that anyone's matrix product has reached in a precision, in FLOP/s. */
    OptionalDouble productPeak(String precision) {
        JsonNode theirs = torch.path("peaks").path("product_" + precision + "_tflop_per_s");
        return DoubleStream.concat(theirs.isNumber() ? DoubleStream.of(theirs.asDouble() * 1e3) : DoubleStream.empty(), benches.stream()
                .filter(b -> b.path("precision").asText().equals(precision)).flatMapToDouble(b -> DoubleStream.of(b.path("peak_gflop_per_s").asDouble(),
                        b.path("what").asText().equals("product") ? b.path("gflop_per_s").asDouble() : 0))).filter(x -> x > 0).map(x -> x * 1e9).max();
    }

    private static boolean same(JsonNode a, JsonNode b, String field) {
        return a.path(field).asText().equals(b.path(field).asText());
    }

    static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }
}
