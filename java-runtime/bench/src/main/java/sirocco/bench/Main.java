package sirocco.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import sirocco.bench.ort.OnnxRuntime;
import sirocco.bench.torch.Torch;
import sirocco.bench.torch.TorchCheck;

/** Measures Sirocco beside LibTorch and ONNX Runtime, by turns in one process. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures Sirocco beside LibTorch and ONNX Runtime, by turns in one process, checking results beside time.",
        footer = {
            "",
            "Examples:",
            "  build-scripts/bench --list",
            "  build-scripts/bench --rows conv-forward/ --rounds 15",
            "  build-scripts/bench --json docs/bench/my-machine.json --readme README.md",
            "  build-scripts/bench jmh ConvolutionBenchmark -p row=conv-forward/16x128-128@32",
            "",
            "The last one is JMH's own protocol, with JMH's own options."
        })
public final class Main implements Callable<Integer> {
    @Option(names = "--rows", paramLabel = "REGEX", defaultValue = "", description = "rows whose name contains a match (default: all)")
    private Pattern filter;

    @Option(names = "--list", description = "name the rows and stop")
    private boolean list;

    @Option(names = "--threads", paramLabel = "N", description = "threads of each side (default: one per processor)")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "cpu",
            description = "that runs Sirocco's whole models (default: ${DEFAULT-VALUE})")
    private String backend;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "11", description = "turns of each side (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--turn", paramLabel = "SECONDS", defaultValue = "0.1",
            description = "least length of a turn (default: ${DEFAULT-VALUE})")
    private double turn;

    @Option(names = "--warm-up", paramLabel = "SECONDS", defaultValue = "2",
            description = "least warm-up of each side; goes on until steady, up to five times as long (default: ${DEFAULT-VALUE})")
    private double warmUp;

    @Option(names = "--settle", paramLabel = "SECONDS", defaultValue = "0.01",
            description = "rest before each turn (default: ${DEFAULT-VALUE})")
    private double settle;

    @Option(names = "--json", paramLabel = "FILE",
            description = "write the results there; rows in it that are not measured now stay; unless it ends in .json, it is a folder, and the file in it is named after the machine")
    private Path json;

    @Option(names = "--readme", paramLabel = "FILE", description = "write the table between the markers of FILE, from --json's file")
    private Path readme;

    @Option(names = "--commit", paramLabel = "ID", defaultValue = "unknown", hidden = true, description = "set by the launcher")
    private String commit;

    private Main() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length > 0 && arguments[0].equals("jmh")) {
            org.openjdk.jmh.Main.main(java.util.Arrays.copyOfRange(arguments, 1, arguments.length));
            return;
        }
        Main main = new Main();
        System.exit(new CommandLine(main).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        if (readme != null && json == null) {
            throw new CommandLine.ParameterException(new CommandLine(this), "--readme needs --json: the table is written from that file");
        }
        try (Rows rows = new Rows(threads, backend)) {
            List<Row> chosen = rows.matching(filter);
            if (chosen.isEmpty()) {
                System.err.println("bench: no row's name matches " + filter + "; --list shows them all");
                return 2;
            }
            if (list) {
                chosen.forEach(r -> System.out.println(r.name()));
                return 0;
            }
            return measure(chosen, rows.limits());
        }
    }

    private int measure(List<Row> rows, Limits limits) throws IOException {
        Torch.unavailable().ifPresent(why -> System.err.println("bench: no peer: " + why));
        torchProblem().ifPresent(why -> System.err.println("bench: " + why));
        OnnxRuntime.unavailable().ifPresent(why -> System.err.println("bench: no peer: " + why));
        Machine machine = Machine.here();
        Alternating.Protocol protocol = new Alternating.Protocol(rounds, turn, warmUp, settle);
        Alternating alternating = new Alternating(protocol, limits, format -> !format.equals(OnnxRuntime.NAME) && torchProblem().isPresent());
        System.out.printf(Locale.ROOT, "%s, %d threads; LibTorch %s; ONNX Runtime %s; environment %s%n", machine.cpu(), threads, peer(), onnxRuntime(), machine.environment());
        List<Report.Line> lines = new ArrayList<>();
        boolean wrong = false;
        for (Row row : rows) {
            Alternating.Outcome outcome = alternating.measure(row);
            Report.Line line = Report.Line.of(outcome, commit);
            print(line);
            lines.add(line);
            wrong |= line.verdict() == Alternating.Verdict.WRONG;
        }
        if (json != null) {
            save(new Report(LocalDate.now().toString(), command(), "float32", threads, peer(), onnxRuntime(), machine, protocol, lines));
        }
        return wrong ? 1 : 0;
    }

    private static String peer() {
        return Torch.unavailable().isPresent() ? "missing on this machine" : Torch.version() + (torchProblem().isEmpty() ? "" : " (wrong in part on this processor)");
    }

    private static Optional<String> torchProblem() {
        return Torch.unavailable().isPresent() ? Optional.empty() : TorchCheck.problem();
    }

    private static String onnxRuntime() {
        return OnnxRuntime.unavailable().isEmpty() ? OnnxRuntime.version() : "missing on this machine";
    }

    private String command() {
        return "build-scripts/bench --threads " + threads + " --rounds " + rounds + " --turn " + turn + " --warm-up " + warmUp;
    }

    private void save(Report report) throws IOException {
        Path file = json.toString().endsWith(".json") ? json : json.resolve(report.machine().slug() + ".json");
        Report whole = Files.exists(file) ? report.over(Report.read(file)) : report;
        whole.write(file);
        System.out.println("wrote " + file);
        if (readme != null) {
            Files.writeString(readme, ReadmeTable.insert(Files.readString(readme), List.of(whole)));
            System.out.println("wrote " + readme);
        }
    }

    private static void print(Report.Line l) {
        StringBuilder s = new StringBuilder();
        s.append(String.format(Locale.ROOT, "%-38s ours %9.3f ms [%.3f, %.3f] %7.1f %s", l.name(), l.ours().median(), l.ours().min(),
                l.ours().max(), l.ours().rate(), l.unit()));
        l.peers().forEach((format, t) -> s.append(String.format(Locale.ROOT, " | %s %9.3f ms [%.3f, %.3f]", format, t.median(), t.min(),
                t.max())));
        if (l.ratio() != null) {
            s.append(String.format(Locale.ROOT, " | %.2f x (%.2f-%.2f) | error %.1e %s", l.ratio().median(), l.ratio().lowerQuartile(),
                    l.ratio().upperQuartile(), l.error(), l.verdict() == Alternating.Verdict.WRONG ? "WRONG" : "ok"));
        }
        if (l.share() != null) {
            s.append(String.format(Locale.ROOT, " | %.0f %% (%.0f-%.0f) of the limit %.0f", 100 * l.share().median(), 100 * l.share().lowerQuartile(),
                    100 * l.share().upperQuartile(), l.share().rate()));
        }
        s.append(String.format(Locale.ROOT, " | heap %.0f B/run, %d GCs", l.heapBytesPerRun(), l.collections()));
        System.out.println(s);
    }
}
