package sirocco.check;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import sirocco.check.Outcome.Verdict;
import sirocco.io.AtomicFiles;

/**
 * What a run of the checks found, as a table and as JSON.
 *
 * @param complete whether it came to its end
 */
record CheckReport(String backend, String device, String precision, List<Outcome> outcomes, boolean complete) {
    long count(Verdict verdict) {
        return outcomes.stream().filter(o -> o.verdict() == verdict).count();
    }

    /** Every group in a line, after the failures by name. */
    void print(PrintWriter out) {
        outcomes.stream().filter(o -> o.verdict() == Verdict.FAILED).forEach(o -> out.println("FAILED " + o.group() + ": " + o.name()));
        out.printf("%n%-10s %7s %7s %8s %19s %9s%n", "", "passed", "failed", "skipped", "of tolerance, worst", "seconds");
        for (String group : outcomes.stream().map(Outcome::group).distinct().toList()) {
            CheckReport part = new CheckReport(backend, device, precision, outcomes.stream().filter(o -> o.group().equals(group)).toList(), complete);
            out.printf(Locale.ROOT, "%-10s %7d %7d %8d %19.3g %9.1f%n", group, part.count(Verdict.PASSED), part.count(Verdict.FAILED),
                    part.count(Verdict.SKIPPED), part.outcomes.stream().mapToDouble(Outcome::share).max().orElse(0),
                    part.outcomes.stream().mapToLong(Outcome::millis).sum() * 1e-3);
        }
        out.printf("%s, %s: %s%s%n", device, precision, count(Verdict.FAILED) == 0 ? "all is well" : count(Verdict.FAILED) + " failed",
                complete ? "" : "; stopped before the end");
        out.flush();
    }

    void write(Path file) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("backend", backend);
        all.put("device", device);
        all.put("precision", precision);
        all.put("complete", complete);
        for (Verdict v : Verdict.values()) {
            all.put(v.name().toLowerCase(Locale.ROOT), count(v));
        }
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Outcome o : outcomes) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("group", o.group());
            row.put("case", o.name());
            row.put("verdict", o.verdict().name().toLowerCase(Locale.ROOT));
            // JSON has no infinity.
            row.put("share_of_tolerance", Double.isFinite(o.share()) ? o.share() : null);
            row.put("problems", o.problems());
            if (!o.detail().isEmpty()) {
                row.put("detail", o.detail());
            }
            row.put("ms", o.millis());
            rows.add(row);
        }
        all.put("checks", rows);
        AtomicFiles.writeText(file, new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n");
    }
}
