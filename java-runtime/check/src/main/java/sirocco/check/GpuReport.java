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
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import sirocco.check.Ledger.State;

/** Puts together what the stages of gpu-check left in a folder. */
final class GpuReport {
    /** Rows of the kernels' table: the slowest, which are what counts. */
    private static final int KERNELS = 20;
    /** Failed checks that a summary names. */
    private static final int FAILURES = 20;

    private final GpuFindings found;
    private final StringBuilder text = new StringBuilder();

    GpuReport(Path folder) throws IOException {
        found = new GpuFindings(folder);
    }

    /** Everything in one. */
    ObjectNode json() {
        return found.json();
    }

    /** All tables, as Markdown: what was asked comes first, single kernels last. */
    String markdown() {
        text.setLength(0);
        Stream.concat(found.benches.stream(), found.checks.values().stream()).findFirst()
                .ifPresent(b -> say("%s%s%n%n", b.path("device").asText(), found.torch.has("torch") ? "; PyTorch " + found.torch.get("torch").asText() : ""));
        stages();
        checks(Integer.MAX_VALUE);
        worst();
        predictions();
        targets();
        tornado();
        new StepTables(found, text).write();
        new KernelTables(found, text, KERNELS).write();
        return text.toString();
    }

    /** The tables that say how it went, for the end of a call's output. */
    String summary() {
        text.setLength(0);
        stages();
        checks(FAILURES);
        predictions();
        targets();
        return text.toString();
    }

    private void say(String format, Object... args) {
        text.append(String.format(Locale.ROOT, format, args));
    }

    private void stages() {
        if (!found.ledger.stages().isEmpty()) {
            say("| stage | | s | call | |%n|---|---|---|---|---|%n");
            found.ledger.stages().forEach((name, e) -> say("| %s | %s | %s | %s | %s |%n", name, name(e.state()), e.seconds() == 0 ? "" : String.format(Locale.ROOT, "%.1f",
                    e.seconds()), e.state() == State.NOT_STARTED ? "" : Integer.toString(e.call()), cell(e.note())));
            say("%n");
        }
        found.unreadable.forEach(line -> say("- %s%n", line));
        if (!found.unreadable.isEmpty()) {
            say("%n");
        }
    }

    private static String name(State state) {
        return switch (state) {
            case DONE -> "done";
            case FAILED -> "**failed**";
            case CUT_OFF -> "cut off";
            case UNAVAILABLE -> "not possible here";
            case NOT_STARTED -> "not started";
        };
    }

    private static String cell(String note) {
        return note.replace('|', '/').replaceAll("\\s+", " ");
    }

    private void checks(int failures) {
        if (found.checks.isEmpty()) {
            return;
        }
        say("| checks | passed | failed | skipped | most of a tolerance used |%n|---|---|---|---|---|%n");
        found.checks.forEach((name, c) -> say("| %s%s | %d | %d | %d | %.3g |%n", name, c.path("complete").asBoolean(true) ? "" : ", cut off",
                c.path("passed").asInt(), c.path("failed").asInt(), c.path("skipped").asInt(), GpuFindings.elements(c.path("checks"))
                        .mapToDouble(o -> o.path("share_of_tolerance").asDouble(Double.POSITIVE_INFINITY)).max().orElse(0)));
        say("%n");
        List<String> lines = new ArrayList<>();
        each("failed", (name, o) -> lines.add(String.format(Locale.ROOT, "- FAILED, %s, %s: %s: %s%n", name, o.path("group").asText(), o.path("case").asText(),
                o.path("problems").path(0).asText())));
        lines.stream().limit(failures).forEach(text::append);
        if (lines.size() > failures) {
            say("- and %d more%n", lines.size() - failures);
        }
        if (!lines.isEmpty()) {
            say("%n");
        }
    }

    private void each(String verdict, BiConsumer<String, JsonNode> use) {
        found.checks.forEach((name, c) -> GpuFindings.elements(c.path("checks")).filter(o -> o.path("verdict").asText().equals(verdict)).forEach(o -> use.accept(name, o)));
    }

    /** Of the large shapes, for each variant the check that used the most of its tolerance. */
    private void worst() {
        Map<String, JsonNode> worst = new LinkedHashMap<>();
        Map<String, Integer> count = new LinkedHashMap<>();
        found.checks.values().forEach(c -> GpuFindings.elements(c.path("checks")).filter(o -> o.path("group").asText().equals(CheckWorker.LARGE)
                && !o.path("detail").asText().isEmpty()).forEach(o -> {
                    String variant = o.path("case").asText().replaceFirst(", .*", "");
                    count.merge(variant, 1, Integer::sum);
                    worst.merge(variant, o, (a, b) -> share(a) >= share(b) ? a : b);
                }));
        if (worst.isEmpty()) {
            return;
        }
        say("| large shapes: variant | ops | worst op | worst element, beside level 1 |%n|---|---|---|---|%n");
        worst.forEach((variant, o) -> say("| %s | %d | %s | %s |%n", variant, count.get(variant), o.path("case").asText().replaceFirst("^[^,]*, ", ""),
                cell(o.path("detail").asText())));
        say("%n");
    }

    private static double share(JsonNode check) {
        return check.path("share_of_tolerance").asDouble(Double.POSITIVE_INFINITY);
    }

    private void predictions() {
        if (found.benches.stream().noneMatch(b -> b.path("preset").asText().equals("cifar10") && !StepTables.isPeak(b))) {
            return;
        }
        say("| CIFAR-10 model, bf16 | predicted | measured | | | source of the prediction |%n|---|---|---|---|---|---|%n");
        for (Predictions.Row p : Predictions.of(found)) {
            say("| %s | %s %s | %s | %s | %s | %s |%n", p.name(), p.range(), p.unit().equals("ms") ? "" : p.unit(), p.measured() == null ? "" : p.text(p.measured()),
                    p.verdict(), p.note(), p.source());
        }
        say("%n");
    }

    private void targets() {
        if (found.benches.stream().noneMatch(b -> b.path("preset").asText().equals("cifar10") && !StepTables.isPeak(b))) {
            return;
        }
        say("| CIFAR-10 model, bf16 | against | measured | at least | aim | | |%n|---|---|---|---|---|---|---|%n");
        Targets.of(found).forEach(this::target);
        say("%n");
    }

    private void target(Targets.Target t) {
        say("| %s | %s | %s | %s | %s | %s | %s |%n", t.name(), t.of(), t.text(t.value()), t.text(t.least()), t.text(t.aim()), t.verdict(), t.note());
    }

    private void tornado() {
        if (found.tornado.isEmpty()) {
            return;
        }
        say("| TornadoVM's kernels, CIFAR-10 model, f32 | against | measured | at least | aim | | |%n|---|---|---|---|---|---|---|%n");
        TornadoTargets.of(found).forEach(this::target);
        say("%n");
    }
}
