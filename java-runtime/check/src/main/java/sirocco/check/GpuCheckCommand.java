package sirocco.check;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.cli.Interrupt;
import sirocco.cli.Subcommand;

/** Runs every check and benchmark that a GPU is wanted for, within a given time. */
@Command(name = "gpu-check", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Check the CUDA backend on this machine's GPU and measure it beside PyTorch, within --minutes of wall-clock time.",
            "Stages run in order of value. A stage that cannot end in the time that is left does not start; one that overruns its limit is ended. After each, "
                    + "report.md, report.json and gpu-check.zip in --out are replaced; the archive has everything that a later call needs to continue."},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:no check failed (stages may be left, which the last lines say)", "1:a check failed, or the results could not be written", "2:wrong usage",
            "130:stopped by a signal; report and archive are written"},
        footerHeading = "%nExamples:%n",
        footer = {"  gpu-check --minutes 8 --out results", "  gpu-check --minutes 5 --out results --continue",
            "  gpu-check --minutes 5 --out results --continue=saved/gpu-check.zip     on another machine",
            "  gpu-check --minutes 3 --out results --continue --only 'check-*'        these again"})
public final class GpuCheckCommand implements Subcommand {
    private static final int STOPPED = 130;
    private static final int LEAST_SECONDS = 20;

    @Option(names = "--minutes", paramLabel = "N", description = "wall-clock time of the whole call, report and archive included")
    double minutes;

    @Option(names = "--out", defaultValue = "gpu-check", paramLabel = "DIR",
            description = "folder of report.md, report.json and gpu-check.zip; default: ${DEFAULT-VALUE}")
    Path out;

    @Option(names = "--work", paramLabel = "DIR", description = "folder of the stages' files; default: gpu-check-USER in the folder for temporary files")
    Optional<Path> work;

    @Option(names = "--continue", arity = "0..1", fallbackValue = "", paramLabel = "=ARCHIVE",
            description = "continue an earlier call: from the work folder or the archive in --out, whichever has more, or from this archive")
    String resume;

    @Option(names = "--only", split = ",", paramLabel = "STAGE", description = "these stages by name, also if they ended before; * stands for any characters")
    List<String> only = List.of();

    @Option(names = "--list", description = "list the stages in their order, with the seconds that each is expected to take, and exit")
    boolean list;

    @Option(names = "--device", defaultValue = "0", paramLabel = "N", description = "which GPU; default: ${DEFAULT-VALUE}")
    int device;

    @Option(names = "--try", split = ",", paramLabel = "OP=VARIANT", description = "variants that the tune stage tries; default: all")
    List<String> tries = List.of();

    @Option(names = "--golden", paramLabel = "DIR", description = "folder of golden data; default: that of the image, or of the clone")
    Optional<Path> golden;

    @Option(names = "--emulated", paramLabel = "LIBRARY", description = "run small cases on the emulated driver, this libcuda.so.1, to try gpu-check itself")
    Optional<Path> emulated;

    @Option(names = "--torch-peer", paramLabel = "DIR", description = "folder of the scripts that time PyTorch; default: that of the image, or of the clone")
    Optional<Path> torchPeer;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!list && !(minutes * 60 >= LEAST_SECONDS && minutes < 10_000)) {
            throw new IllegalArgumentException("--minutes: expected " + LEAST_SECONDS + " s or more, got " + minutes + " min");
        }
        for (Path file : List.of(golden, emulated, torchPeer).stream().flatMap(Optional::stream).toList()) {
            if (!Files.exists(file)) {
                throw new IllegalArgumentException("gpu-check: " + file + ": no such file or folder");
            }
        }
        emulated.ifPresent(e -> System.setProperty("sirocco.cuda.driver", e.toAbsolutePath().toString()));
        StageCommands commands = new StageCommands(device, golden.or(() -> folder("SIROCCO_GOLDEN")).map(Path::toAbsolutePath),
                torchPeer.or(() -> folder("SIROCCO_TORCH_PEER")).map(Path::toAbsolutePath), tries);
        List<Stage> stages = emulated.isPresent() ? EmulatedStages.all(commands) : GpuStages.all(commands);
        if (list) {
            stages.forEach(s -> spec.commandLine().getOut().printf("%-34s %4d s  %s%n", s.name(), s.predicted(), s.subject()));
            spec.commandLine().getOut().flush();
            return 0;
        }
        Path folder = work.orElse(Path.of(System.getProperty("java.io.tmpdir"), "gpu-check-" + System.getProperty("user.name"))).toAbsolutePath();
        GpuCheckFolders folders = new GpuCheckFolders(folder, out.toAbsolutePath(), resume != null,
                Optional.ofNullable(resume).filter(r -> !r.isEmpty()).map(Path::of));
        GpuCheck check = new GpuCheck(folders, stages, chosen(stages), new Schedule(Schedule.SLACK), minutes * 60, spent(minutes * 60), spec.commandLine().getOut());
        try (Interrupt interrupt = new Interrupt(check::stop)) {
            boolean good = check.run();
            return interrupt.asked() ? STOPPED : good ? 0 : 1;
        }
    }

    /** A folder that the script which starts this names, if it is there. */
    private static Optional<Path> folder(String variable) {
        return Optional.ofNullable(System.getenv(variable)).filter(v -> !v.isEmpty()).map(Path::of).filter(Files::isDirectory);
    }

    /** Seconds since that script began, or this virtual machine if none did. */
    private static double spent(double most) {
        String started = System.getenv("SIROCCO_STARTED");
        double since = started != null && started.matches("\\d+[.,]\\d+") ? Double.parseDouble(started.replace(',', '.'))
                : ManagementFactory.getRuntimeMXBean().getStartTime() * 1e-3;
        return Math.clamp(System.currentTimeMillis() * 1e-3 - since, 0, most);
    }

    private Set<String> chosen(List<Stage> stages) {
        Set<String> chosen = new LinkedHashSet<>();
        for (String wanted : only) {
            List<String> names = stages.stream().map(Stage::name).filter(n -> n.matches(wanted.replace("*", ".*"))).toList();
            if (names.isEmpty()) {
                throw new IllegalArgumentException("--only " + wanted + ": no stage has this name. --list lists them.");
            }
            chosen.addAll(names);
        }
        return chosen;
    }
}
