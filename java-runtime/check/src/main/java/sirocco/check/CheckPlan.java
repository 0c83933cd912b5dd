package sirocco.check;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import sirocco.api.Device;
import sirocco.api.Graph;
import sirocco.api.Plan;
import sirocco.nn.Network;
import sirocco.nn.unet.UNetConfig;
import sirocco.sample.SamplePlan;
import sirocco.testkit.GoldenFolder;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.train.TrainPlan;

/** What is to be checked: the flags that say so, and what they choose. */
final class CheckPlan {
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

    @Option(names = "--golden", paramLabel = "DIR", description = "a folder of models with what PyTorch computed from them, also in its sub-folders")
    Path golden;

    @Option(names = "--steps", defaultValue = "50", paramLabel = "N",
            description = "training steps to compare with the CPU's losses; 0 for none; default: ${DEFAULT-VALUE}")
    int steps;

    @Option(names = "--chain", defaultValue = "8", paramLabel = "N",
            description = "steps of a sampler's chain, and of training, that are to give the same bits in one go as one by one; 0 for none; default: ${DEFAULT-VALUE}")
    int chain;

    @Option(names = "--large", split = ",", paramLabel = "STEP:BATCH",
            description = "also compare every variant with level 1, element by element, at the shapes of the CIFAR-10 model's steps, as train:128,sample:256; "
                    + "with --small, of a tiny model's. Only with --precision bf16")
    List<String> large = List.of();

    List<OpCase> opCases() {
        Predicate<String> wanted;
        try {
            wanted = Pattern.compile(cases, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE).asPredicate();
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("--cases: not a regular expression: " + e.getMessage().lines().findFirst().orElse(cases), e);
        }
        return OpCases.all().stream().filter(c -> wanted.test(c.name()) && (!small || c.flops() <= SMALL_FLOPS)).toList();
    }

    /** @throws IllegalArgumentException if a folder is given and nothing in it is supported */
    List<GoldenModel> goldenModels() throws IOException {
        List<GoldenModel> models = golden == null ? List.of() : GoldenModel.find(GoldenFolder.find(golden));
        if (golden != null && models.stream().noneMatch(m -> m.unsupported().isEmpty())) {
            throw new IllegalArgumentException("--golden " + golden + ": no supported model with golden.safetensors in this folder or its sub-folders"
                    + models.stream().map(m -> "; " + m.name() + ": " + m.unsupported().orElseThrow()).collect(Collectors.joining()));
        }
        return models;
    }

    /** @throws IllegalArgumentException if that is nothing */
    void checkThatThereIsSomething() throws IOException {
        if (steps < 0) {
            throw new IllegalArgumentException("--steps: expected 0 or more, got " + steps);
        }
        if (chain < 0) {
            throw new IllegalArgumentException("--chain: expected 0 or more, got " + chain);
        }
        largeSteps();
        if (opCases().isEmpty() && goldenModels().isEmpty() && steps == 0 && chain == 0 && large.isEmpty()) {
            throw new IllegalArgumentException("--cases " + cases + ": no op case has this in its name, and nothing else was asked for");
        }
    }

    private List<StepBatch> largeSteps() {
        return StepBatch.parse("--large", large);
    }

    /** The graphs of the steps of {@code --large}. */
    List<Graph> largeGraphs(Device device) {
        Network model = (small ? config() : UNetConfig.cifar10()).network();
        return largeSteps().stream().map(s -> s.training() ? TrainPlan.of(device, model, s.batch()) : SamplePlan.of(device, model, s.batch(), 1, false)).map(Plan::graph).toList();
    }

    TrainingCheck training() {
        return new TrainingCheck(config(), batch(), steps);
    }

    ChainsCheck chains() {
        return new ChainsCheck(config(), batch(), chain);
    }

    private UNetConfig config() {
        return small ? UNetConfig.builder().size(8).blockOutChannels(16, 16).attentionAt(1).normNumGroups(4).build() : UNetConfig.small();
    }

    private int batch() {
        return small ? 2 : BATCH;
    }
}
