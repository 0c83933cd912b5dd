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
import java.util.function.Predicate;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What the stages of gpu-check left in a folder: check-*.json, bench-*.json, variants-*.json, torch-*.json, tornado-*.json, and the ledger of stages. Any
 * of them may be missing; a file that cannot be read is named.
 */
final class GpuFindings {
    private static final JsonMapper JSON = new JsonMapper();
    /** Added to what a file has: the call of gpu-check that wrote it. */
    private static final String CALL = "call";
    /** Properties that a bench was run with, and among them those that no user has unasked. */
    private static final String PROPERTIES = "properties";
    private static final String PROGRAMMATIC = "sirocco.cuda.programmatic";
    private static final String KERNELS = "sirocco.cuda.kernels";

    final Ledger ledger;
    final Map<String, JsonNode> checks = new LinkedHashMap<>();
    final List<JsonNode> benches = new ArrayList<>();
    /** Benches that timed every variant. */
    final List<JsonNode> variants = new ArrayList<>();
    /** Benches of TornadoVM's kernels beside CUDA's. */
    final List<JsonNode> tornado = new ArrayList<>();
    /** PyTorch's, but for peaks, which are kept by call. */
    final ObjectNode torch = JSON.createObjectNode();
    final Map<Integer, JsonNode> torchPeaks = new LinkedHashMap<>();
    final List<String> unreadable = new ArrayList<>();

    GpuFindings(Path folder) throws IOException {
        ledger = Ledger.read(folder);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.matches("(check|bench|variants|torch|tornado)-.*\\.json")) {
                    take(name, file);
                }
            }
        }
        benches.sort(Comparator.comparing(b -> !isDefault(b))); // what was tried comes after what users have
    }

    private void take(String name, Path file) throws IOException {
        JsonNode read;
        try {
            read = JSON.readTree(file.toFile());
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            unreadable.add(name + " cannot be read: " + e.getOriginalMessage());
            return;
        }
        if (read instanceof ObjectNode object) {
            object.put(CALL, ledger.callOf(name));
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
            takeTorch(read);
        }
    }

    /** Each stage has lists of its own, or some of the numbers. */
    private void takeTorch(JsonNode read) {
        read.properties().forEach(field -> {
            if (field.getKey().equals("peaks")) {
                torchPeaks.put(read.path(CALL).asInt(), field.getValue());
            } else if (field.getValue() instanceof ArrayNode more) {
                torch.withArray(field.getKey()).addAll(more);
            } else if (!field.getKey().equals(CALL)) {
                torch.set(field.getKey(), field.getValue());
            }
        });
    }

    /** Everything in one. */
    ObjectNode json() {
        ObjectNode all = JSON.createObjectNode();
        all.put("calls", ledger.calls());
        all.set("stages", JSON.valueToTree(ledger.stages()));
        all.set("checks", JSON.valueToTree(checks));
        all.set("benches", JSON.valueToTree(benches));
        all.set("variants", JSON.valueToTree(variants));
        all.set("torch", torch);
        all.set("torch_peaks", JSON.valueToTree(torchPeaks));
        all.set("tornado", JSON.valueToTree(tornado));
        all.set("unreadable", JSON.valueToTree(unreadable));
        all.set("predictions", JSON.valueToTree(Predictions.of(this)));
        all.set("targets", JSON.valueToTree(Targets.of(this)));
        all.set("tornado_targets", JSON.valueToTree(TornadoTargets.of(this)));
        return all;
    }

    /** Of the CIFAR-10 model, as a user would run it. */
    Stream<JsonNode> benches(String what, int batch, String precision) {
        return steps(what, batch, precision).filter(GpuFindings::isDefault);
    }

    /** Of the CIFAR-10 model, with whatever kernels and properties. */
    Stream<JsonNode> steps(String what, int batch, String precision) {
        return benches.stream().filter(b -> b.path("what").asText().equals(what) && b.path("batch").asInt() == batch
                && b.path("precision").asText().equals(precision) && b.path("preset").asText().equals("cifar10"));
    }

    private static boolean isDefault(JsonNode bench) {
        return !overlapping(bench) && kernels(bench).isEmpty();
    }

    /** Whether it was timed with kernels that overlap at their ends, which they do only where it is asked for. */
    static boolean overlapping(JsonNode bench) {
        return bench.path(PROPERTIES).path(PROGRAMMATIC).asBoolean();
    }

    /** The variants that were asked for; empty if the backend chose. */
    static String kernels(JsonNode bench) {
        return bench.path(PROPERTIES).path(KERNELS).asText("");
    }

    /** In which way a bench differs from what users have; a driver may have refused overlap, which the line that describes the device says. */
    static String differences(JsonNode bench) {
        String device = bench.path("device").asText();
        String overlap = !overlapping(bench) ? "" : device.contains("not overlapping") || device.contains("not in loops") ? ", overlap refused" : ", kernels overlapping";
        return overlap + (kernels(bench).isEmpty() ? "" : ", " + kernels(bench).replaceAll("(conv2d)(=[^,]*),conv2d_backward_data\\2,conv2d_backward_weights\\2", "$1*$2"));
    }

    /** PyTorch's best time of a step like that of a bench, in milliseconds: with weights in float32 under autocast, or in bf16. */
    OptionalDouble torchStep(JsonNode bench, String mode) {
        return elements(torch.path("steps")).filter(s -> s.path("mode").asText().equals(mode) && same(s, bench, "what") && same(s, bench, "batch")
                && same(s, bench, "precision")).mapToDouble(s -> s.path("ms").asDouble()).min();
    }

    /** PyTorch's best time, eager or compiled, of what a row of a bench's kernels computes each time, in nanoseconds. */
    OptionalDouble torchKernel(JsonNode bench, JsonNode row) {
        return elements(torch.path("kernels")).filter(k -> same(k, row, "kind") && same(k, row, "shape") && same(k, bench, "precision"))
                .mapToDouble(k -> k.path("ms").asDouble() * 1e6).min();
    }

    /** The most that anyone has copied in a second, in bytes, in the call of gpu-check in which a bench ran. */
    OptionalDouble copyPeak(JsonNode bench) {
        return peak(bench, "copy_gb_per_s", 1e9, "peak_gb_per_s", "copy", "gb_per_s", _ -> true);
    }

    /** The most that anyone's matrix product has reached in a bench's precision, in FLOP/s, in the call of gpu-check in which it ran. */
    OptionalDouble productPeak(JsonNode bench) {
        return peak(bench, "product_" + bench.path("precision").asText() + "_tflop_per_s", 1e12, "peak_gflop_per_s", "product", "gflop_per_s",
                b -> same(b, bench, "precision"));
    }

    private OptionalDouble peak(JsonNode bench, String theirs, double theirUnit, String inBench, String what, String rate, Predicate<JsonNode> which) {
        int call = bench.path(CALL).asInt();
        JsonNode torchs = torchPeaks.getOrDefault(call, JSON.createObjectNode()).path(theirs);
        DoubleStream ours = benches.stream().filter(b -> b.path(CALL).asInt() == call && which.test(b)).flatMapToDouble(b -> DoubleStream.of(
                b.path(inBench).asDouble(), b.path("what").asText().equals(what) ? b.path(rate).asDouble() : 0)).map(x -> x * 1e9);
        return DoubleStream.concat(DoubleStream.of(torchs.asDouble() * theirUnit), ours).filter(x -> x > 0).max();
    }

    /** Nanoseconds that a row's work takes at the peak that bounds it, all its launches together (Williams et al. 2009, the roofline). */
    OptionalDouble limit(JsonNode bench, JsonNode row) {
        OptionalDouble copy = copyPeak(bench);
        OptionalDouble product = productPeak(bench);
        if (copy.isEmpty() || product.isEmpty() && row.path("flops").asLong() > 0) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(1e9 * Math.max(row.path("bytes").asDouble() / copy.getAsDouble(), row.path("flops").asDouble() / product.orElse(Double.MAX_VALUE)));
    }

    private static boolean same(JsonNode a, JsonNode b, String field) {
        return a.path(field).asText().equals(b.path(field).asText());
    }

    static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }
}
