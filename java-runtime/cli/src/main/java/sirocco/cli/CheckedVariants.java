package sirocco.cli;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;

/** What {@code check --all-variants --json} has found of each variant of a kernel. */
final class CheckedVariants {
    private CheckedVariants() { }

    /**
     * Of all variants those that passed at least one check and failed none: one that faults on a device leaves it unusable to whoever measures there.
     *
     * @param report that check wrote, to its end or not
     * @return all, if the report is of a check without --all-variants
     * @throws IllegalArgumentException if it is no report of check's, or no variant is left
     */
    static List<String> sound(Path report, List<String> all) throws IOException {
        Set<String> passed = new HashSet<>();
        Set<String> failed = new HashSet<>();
        List<JsonNode> checks = checks(report);
        for (JsonNode check : checks) {
            String name = check.path("case").asText();
            // "VARIANT, CASE", or the variant alone where it could not even be opened.
            all.stream().filter(v -> name.equals(v) || name.startsWith(v + ", ")).forEach(v -> {
                switch (check.path("verdict").asText()) {
                    case "passed" -> passed.add(v);
                    case "failed" -> failed.add(v);
                    default -> { }
                }
            });
        }
        if (checks.isEmpty()) {
            return all;
        }
        List<String> sound = new ArrayList<>(all);
        sound.removeIf(v -> !passed.contains(v) || failed.contains(v));
        if (sound.isEmpty()) {
            throw new IllegalArgumentException("--checked " + report + ": no variant has passed there without a failure, so there is nothing to try; look into the "
                    + "failures, or leave it out");
        }
        return sound;
    }

    private static List<JsonNode> checks(Path report) throws IOException {
        JsonNode checks;
        try {
            checks = new JsonMapper().readTree(report.toFile()).path("checks");
        } catch (JacksonException e) {
            throw new IllegalArgumentException("--checked " + report + ": not JSON: " + e.getOriginalMessage(), e);
        }
        if (!checks.isArray()) {
            throw new IllegalArgumentException("--checked " + report + ": expected what sirocco check --json writes, with an array checks");
        }
        return StreamSupport.stream(checks.spliterator(), false).filter(c -> c.path("group").asText().equals("variants")).toList();
    }
}
