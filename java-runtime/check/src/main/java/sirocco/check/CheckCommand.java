package sirocco.check;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Device;
import sirocco.api.Settings.Precision;
import sirocco.check.Outcome.Verdict;
import sirocco.cli.DeviceOptions;
import sirocco.cli.Progress;
import sirocco.cli.Subcommand;
import sirocco.model.UNetConfig;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;

/** Whether a backend computes what it should, on this machine. */
@Command(name = "check", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Compare a backend with the double-precision reference, with PyTorch's golden answers and with the CPU's training.",
        footerHeading = "%nExit code 1 if a check failed.%n%nExamples:%n",
        footer = {
            "  sirocco check --backend cuda --json check.json",
            "  sirocco check --backend cuda --precision bf16 --all-variants",
            "  sirocco check --backend cpu --cases 'conv.*' --steps 0"})
public final class CheckCommand implements Subcommand {
    /** Of the cases that tools which slow a kernel down a hundredfold can still run. */
    private static final long SMALL_FLOPS = 200_000;

    private static final int BATCH = 16;

    @Option(names = "--cases", defaultValue = ".*", paramLabel = "REGEX", description = "op cases whose name has this in it, in upper or lower case; default: all")
    String cases;

    @Option(names = "--all-variants",
            description = "also check every variant of a kernel on every case that it computes, and not only the one that is taken by itself")
    boolean allVariants;

    @Option(names = "--small", description = "small op cases only, and training of a tiny model: for emulators and sanitizers")
    boolean small;

    @Option(names = "--golden", paramLabel = "DIR", description = "a folder of models with what PyTorch computed from them")
    Path golden;

    @Option(names = "--steps", defaultValue = "50", paramLabel = "N",
            description = "training steps to compare with the CPU's losses; 0 for none; default: ${DEFAULT-VALUE}")
    int steps;

    @Option(names = "--json", paramLabel = "FILE", description = "also write every check to this file")
    Path json;

    @Mixin
    DeviceOptions options;

    @Spec
    CommandSpec spec;

    private final List<Outcome> outcomes = new ArrayList<>();
    private final KnownWays known = new KnownWays();

    @Override
    public Integer call() throws IOException {
        if (steps < 0) {
            throw new IllegalArgumentException("--steps: expected 0 or more, got " + steps);
        }
        Predicate<String> wanted = wanted();
        List<OpCase> chosen = OpCases.all().stream().filter(c -> wanted.test(c.name()) && (!small || c.flops() <= SMALL_FLOPS)).toList();
        List<Path> folders = golden == null ? List.of() : GoldenCase.cases(golden);
        if (golden != null && folders.isEmpty()) {
            throw new IllegalArgumentException("--golden " + golden + ": no folder in it has config.json and golden.safetensors");
        }
        if (golden != null && options.precision() != Precision.F32) {
            throw new IllegalArgumentException("--golden has float32's answers; expected --precision f32 with it, got " + options.precision());
        }
        List<String> variants = allVariants ? options.variants() : List.of();
        PrintWriter out = spec.commandLine().getOut();
        String described;
        try (Device device = options.open(out)) {
            described = device.describe();
            try (Progress progress = new Progress("check", "cases", chosen.size() + folders.size() + (steps > 0 ? 1 : 0), 0)) {
                for (OpCase c : chosen) {
                    if (allVariants) {
                        known.isNew(c, device);
                    }
                    add(out, progress, Outcome.of("ops", c.name(), () -> CaseCheck.run(c, device, options.precision())));
                }
                for (Path folder : folders) {
                    add(out, progress, Outcome.of("golden", folder.getFileName().toString(), () -> {
                        GoldenCheck check = new GoldenCheck(GoldenCase.read(folder), device);
                        check.all();
                        return check.found();
                    }));
                }
                if (steps > 0) {
                    add(out, progress, training(device));
                }
            }
        }
        if (allVariants) {
            checkVariants(out, variants, chosen);
        }
        CheckReport report = new CheckReport(options.backend(), described, options.precision().name().toLowerCase(Locale.ROOT), outcomes);
        report.print(out);
        if (json != null) {
            report.write(json);
        }
        if (outcomes.isEmpty()) {
            throw new IllegalArgumentException("--cases " + cases + ": no op case has this in its name, and nothing else was asked for");
        }
        return report.count(Verdict.FAILED) == 0 ? 0 : 1;
    }

    private void checkVariants(PrintWriter out, List<String> variants, List<OpCase> chosen) {
        List<String> idle = new ArrayList<>();
        try (Progress progress = new Progress("check", "variants", variants.size(), 0)) {
            for (int i = 0; i < variants.size(); i++) {
                int before = outcomes.size();
                String variant = variants.get(i);
                try {
                    checkVariant(out, variant, chosen);
                } catch (RuntimeException e) { // a kernel's fault leaves the device unusable to this process; what was found before is still told
                    add(out, Outcome.of("variants", variant, () -> {
                        throw e;
                    }));
                }
                if (outcomes.size() == before) {
                    idle.add(variants.get(i));
                }
                progress.to(i + 1);
            }
        }
        if (!idle.isEmpty()) {
            add(out, Outcome.of("variants", String.join(", ", idle), () -> {
                throw new UnsupportedOperationException("they compute none of these cases here in this precision, or as another variant does");
            }));
        }
    }

    /** Checks what a variant computes that no other has computed the same way before. */
    private void checkVariant(PrintWriter out, String variant, List<OpCase> chosen) {
        try (Device device = options.open(variant)) {
            for (OpCase c : chosen) {
                if (known.isNew(c, device)) {
                    add(out, Outcome.of("variants", variant + ", " + c.name(), () -> CaseCheck.run(c, device, options.precision())));
                }
            }
        }
    }

    private Predicate<String> wanted() {
        try {
            return Pattern.compile(cases, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE).asPredicate();
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("--cases: not a regular expression: " + e.getMessage().lines().findFirst().orElse(cases), e);
        }
    }

    private Outcome training(Device device) {
        UNetConfig config = small ? UNetConfig.builder().size(8).blockOutChannels(16, 16).attentionAt(1).normNumGroups(4).build() : UNetConfig.small();
        int batch = small ? 2 : BATCH;
        String name = steps + " training steps, " + config.height() + "² pixels, channels " + config.blockOutChannels() + ", batch " + batch;
        return Outcome.of("training", name, () -> new TrainingCheck(config, batch, steps).run(device, options.precision()));
    }

    /** Failures show at once: a run may be cut off. */
    private void add(PrintWriter out, Progress progress, Outcome outcome) {
        add(out, outcome);
        progress.to(outcomes.size());
    }

    private void add(PrintWriter out, Outcome outcome) {
        outcomes.add(outcome);
        if (outcome.verdict() != Verdict.PASSED) {
            out.println(outcome.verdict() + " " + outcome.group() + ": " + outcome.name());
            outcome.problems().forEach(p -> out.println("  " + p));
            out.flush();
        }
    }
}
