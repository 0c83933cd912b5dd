package sirocco.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import sirocco.bench.ort.OnnxRuntime;

/** The README's table of measurements, written from the JSON files of measurements and from nothing else. */
public final class ReadmeTable {
    static final String BEGIN = "<!-- bench:begin -->";
    static final String END = "<!-- bench:end -->";

    private ReadmeTable() {}

    /** {@code text} with everything between the two markers replaced by the reports' tables. */
    static String insert(String text, List<Report> reports) {
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin || text.indexOf(BEGIN, begin + 1) >= 0 || text.indexOf(END, end + 1) >= 0) {
            throw new IllegalArgumentException("readme: expected the lines " + BEGIN + " and " + END + " once each, in this order; add them"
                    + " where the table shall stand");
        }
        String tables = reports.stream().map(ReadmeTable::table).collect(Collectors.joining("\n"));
        return text.substring(0, begin + BEGIN.length()) + "\n" + tables + text.substring(end);
    }

    /** What was measured, where and how, then a line for each row. */
    static String table(Report r) {
        StringBuilder s = new StringBuilder();
        Machine m = r.machine();
        s.append(text("%s, %d cores, %.0f GB, %d-bit vectors, %s, JDK %s; peers: LibTorch %s, ONNX Runtime %s; %s, %d threads each side, alternating in one"
                        + " process, %d rounds; commit %s, %s.%n%n", m.cpu(), m.processors(), m.memory() / 1e9, m.vectorBits(), m.os(),
                m.jdk(), r.peer(), r.onnxRuntime() == null ? "not measured" : r.onnxRuntime(), r.precision(), r.threads(), r.protocol().rounds(), String.join(", ", r.commits()), r.date()));
        s.append("| | Sirocco | share of the limit | LibTorch, better layout | ONNX Runtime | speed-up (quartiles) | error | heap bytes a run |\n"
                + "|---|---|---|---|---|---|---|---|\n");
        for (Report.Line l : r.rows()) {
            s.append(line(l));
        }
        s.append(text("%nTimes are medians; a speed-up is the median over rounds of neighbouring turns' ratio, against the faster peer; an error is"
                + " ‖ours − peer‖₂ / ‖peer‖₂ against the same. The limit is a loop of multiply-adds in registers for operations (Winograd's convolutions need fewer"
                + " than are counted) and a copy in memory for bytes, in the same rounds. Repeat with `%s`.%n", r.command()));
        return s.toString();
    }

    private static String line(Report.Line l) {
        String ours = time(l.ours(), l.unit());
        if (l.peerFormat() == null) {
            return text("| %s | %s | %s | – | – | – | – | %.0f |%n", l.label(), ours, share(l), l.heapBytesPerRun());
        }
        String speedUp = l.verdict() == Alternating.Verdict.WRONG
                ? "**wrong result**"
                : text("**%.2f ×** (%.2f–%.2f)", l.ratio().median(), l.ratio().lowerQuartile(), l.ratio().upperQuartile());
        return text("| %s | %s | %s | %s | %s | %s | %.0e | %.0f |%n", l.label(), ours, share(l), libTorch(l), peer(l, OnnxRuntime.NAME), speedUp, l.error(),
                l.heapBytesPerRun());
    }

    /** LibTorch's time in the memory format in which it is faster, with the format's name. */
    private static String libTorch(Report.Line l) {
        return l.peers().entrySet().stream().filter(e -> !e.getKey().equals(OnnxRuntime.NAME)).min(Comparator.comparingDouble(e -> e.getValue().median()))
                .map(e -> time(e.getValue(), l.unit()) + ", " + e.getKey()).orElse("–");
    }

    private static String peer(Report.Line l, String name) {
        return l.peers().containsKey(name) ? time(l.peers().get(name), l.unit()) : "–";
    }

    private static String share(Report.Line l) {
        return l.share() == null ? "–" : text("%.0f %%", 100 * l.share().median());
    }

    private static String time(Report.Time t, String unit) {
        String number = t.median() < 1 ? "%.3f ms" : t.median() < 100 ? "%.2f ms" : "%.0f ms";
        return text(number + ", %s %s", t.median(), t.rate() < 10 ? text("%.1f", t.rate()) : text("%.0f", t.rate()), unit);
    }

    private static String text(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments).replace("\r\n", "\n");
    }

    /** @param arguments the README, then the JSON files in the order their tables shall stand */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 2) {
            throw new IllegalArgumentException("usage: ReadmeTable README.md REPORT.json…");
        }
        Path readme = Path.of(arguments[0]);
        List<Report> reports = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            reports.add(Report.read(Path.of(arguments[i])));
        }
        Files.writeString(readme, insert(Files.readString(readme), reports));
    }
}
