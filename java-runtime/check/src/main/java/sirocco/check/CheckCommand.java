package sirocco.check;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Settings.Precision;
import sirocco.check.Outcome.Verdict;
import sirocco.cli.DeviceOptions;
import sirocco.cli.Interrupt;
import sirocco.cli.Progress;
import sirocco.cli.Subcommand;

/** Whether a backend computes what it should, on this machine. */
@Command(name = "check", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Compare a backend with the double-precision reference, with PyTorch's golden answers and with the CPU's training.",
        footerHeading = "%nExit code 1 if a check failed.%n%nExamples:%n",
        footer = {
            "  sirocco check --backend cuda --json check.json",
            "  sirocco check --backend cuda --precision bf16 --all-variants",
            "  sirocco check --backend cpu --cases 'conv.*' --steps 0 --chain 0"})
public final class CheckCommand implements Subcommand, Workers.Listener {
    /** The flag that makes a process one that {@link Workers} started, and the number of the check that it begins with. */
    static final String WORKER = "--worker";
    /** And a family of checks that it is not to make. */
    static final String GIVEN_UP = "--given-up";

    /** A run may be cut off: what is known by then should be in the file. */
    private static final Duration WRITE_EVERY = Duration.ofSeconds(5);

    @Mixin
    CheckPlan plan;

    @Option(names = "--patience", defaultValue = "600", paramLabel = "S",
            description = "seconds that a check may take; one that takes longer has failed, and the next go on; default: ${DEFAULT-VALUE}")
    int patience;

    @Option(names = "--json", paramLabel = "FILE", description = "also write every check to this file, while it is at it, too")
    Path json;

    @Option(names = WORKER, hidden = true, defaultValue = "-1")
    int worker;

    @Option(names = GIVEN_UP, hidden = true)
    Set<String> givenUp = Set.of();

    @Mixin
    DeviceOptions options;

    @Spec
    CommandSpec spec;

    private final List<Outcome> outcomes = new ArrayList<>();
    private PrintWriter out;
    private String described = "";
    private Progress progress;
    private String part = "";
    private int furthest;
    private long written = System.nanoTime();

    @Override
    public Integer call() throws IOException {
        if (worker >= 0) {
            return work();
        }
        if (patience < 1) {
            throw new IllegalArgumentException("--patience: expected 1 or more seconds, got " + patience);
        }
        plan.checkThatThereIsSomething();
        if (plan.golden != null && options.precision() != Precision.F32) {
            throw new IllegalArgumentException("--golden has float32's answers; expected --precision f32 with it, got " + options.precision());
        }
        if (!plan.large.isEmpty() && options.precision() != Precision.BF16) {
            throw new IllegalArgumentException("--large compares kernels on bf16 operands; expected --precision bf16 with it, got " + options.precision());
        }
        if (plan.allVariants || !plan.large.isEmpty()) {
            options.variants(); // which says so if there are none
        }
        out = spec.commandLine().getOut();
        Workers workers = new Workers(spec.root().commandLine().getParseResult().originalArgs(), Duration.ofSeconds(patience), this);
        try (Interrupt interrupt = new Interrupt(workers::stop)) {
            int code = workers.run();
            if (code != 0) {
                return code;
            }
            CheckReport report = report(!interrupt.asked());
            report.print(out);
            write(report);
            return report.count(Verdict.FAILED) == 0 ? 0 : 1;
        } finally {
            workers.stop();
            if (progress != null) {
                progress.close();
            }
        }
    }

    /** As a process that another one has started, and that is to end with that one. */
    private int work() throws IOException {
        Wire wire = new Wire(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8)); // whatever the terminal's is
        System.setOut(System.err);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (System.in.read() >= 0) { }
            } catch (IOException e) {
                // as good as an end
            }
            Runtime.getRuntime().halt(1);
        });
        new CheckWorker(plan, options, worker, givenUp, wire).run();
        wire.done();
        return 0;
    }

    private CheckReport report(boolean complete) {
        return new CheckReport(options.backend(), described, options.precision().name().toLowerCase(Locale.ROOT), List.copyOf(outcomes), complete);
    }

    private void write(CheckReport report) throws IOException {
        if (json != null) {
            report.write(json);
            written = System.nanoTime();
        }
    }

    // ---- what workers tell ------------------------------------------------------------------------------------------------------

    @Override
    public void device(String opened, String description) {
        if (described.isEmpty()) {
            out.println(opened);
            out.flush();
            described = description;
        }
    }

    @Override
    public void part(String unit, int count) {
        if (!unit.equals(part)) {
            part = unit;
            if (progress != null) {
                progress.close();
            }
            progress = new Progress("check", unit, count, 0);
            furthest = 0;
        }
    }

    @Override
    public void at(int done) {
        furthest = Math.max(furthest, done);
        progress.to(furthest);
    }

    /** Failures show at once: a run may be cut off. */
    @Override
    public void outcome(Outcome outcome) throws IOException {
        outcomes.add(outcome);
        if (outcome.verdict() != Verdict.PASSED) {
            out.println(outcome.verdict() + " " + outcome.group() + ": " + outcome.name());
            outcome.problems().forEach(p -> out.println("  " + p));
            out.flush();
        }
        if (System.nanoTime() - written > WRITE_EVERY.toNanos()) {
            write(report(false));
        }
    }

    @Override
    public void said(String line) {
        out.println(line);
        out.flush();
    }
}
