package sirocco.check;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import sirocco.check.Targets.Target;

/** What TornadoVM's kernels are to reach beside the CUDA backend's, both in f32 without tensor cores, at the shapes of a training step. */
final class TornadoTargets {
    private TornadoTargets() { }

    static List<Target> of(GpuFindings found) {
        return List.of(
                target(found, "3×3 convolutions, all passes", 0.3, r -> r.path("kind").asText().startsWith("Conv2d") && r.path("shape").asText().contains(", 3×3")),
                target(found, "kernels that the bandwidth bounds", 0.7, r -> r.path("flops").asLong() == 0));
    }

    /** All together: each shape counts as often and as long as it is in a step. Its own kernels only, whatever else TornadoVM's column has. */
    private static Target target(GpuFindings found, String name, double least, Predicate<JsonNode> which) {
        Map<List<String>, Double> cuda = new HashMap<>();
        backend(found, "cuda").flatMap(b -> GpuFindings.elements(b.path("kernels"))).filter(which).forEach(r -> cuda.merge(key(r), r.path("nanos").asDouble(), Double::sum));
        double ours = 0;
        double theirs = 0;
        double worst = Double.POSITIVE_INFINITY;
        String slowest = "";
        int shapes = 0;
        for (JsonNode row : backend(found, "tornado").flatMap(b -> GpuFindings.elements(b.path("kernels"))).filter(which).toList()) {
            Double peer = cuda.get(key(row));
            double mine = row.path("nanos").asDouble();
            if (peer == null || mine <= 0 || row.path("algorithm").asText().startsWith("cuda")) {
                continue;
            }
            shapes++;
            ours += mine;
            theirs += peer;
            if (peer / mine < worst) {
                worst = peer / mine;
                slowest = String.join(" ", key(row));
            }
        }
        return new Target(name, "our CUDA kernels", Targets.Unit.TIMES, shapes == 0 ? null : theirs / ours, least, 1,
                shapes == 0 ? "they were not timed beside each other" : String.format(Locale.ROOT, "%d ops and shapes, worst %.2f × at %s", shapes, worst, slowest));
    }

    private static Stream<JsonNode> backend(GpuFindings found, String name) {
        return found.tornado.stream().limit(1).flatMap(b -> GpuFindings.elements(b.path("backends")))
                .filter(b -> b.path("backend").asText().equals(name) && b.path("precision").asText().equals("f32")).limit(1);
    }

    private static List<String> key(JsonNode row) {
        return List.of(row.path("kind").asText(), row.path("shape").asText());
    }
}
