package sirocco.check;

import static sirocco.check.StageCommands.NO_CASES;
import static sirocco.check.StageCommands.ONLY_CASES;
import static sirocco.check.StageCommands.OVERLAPPING;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import sirocco.check.Stage.Trait;
import sirocco.check.Stage.Work;

/** All stages of gpu-check, the most valuable first: a call may end before the last. */
final class GpuStages {
    /** Collects what {@code info} says; first in every call. */
    static final String INFO = "info";

    private static final String LEVEL_5 = "conv2d=v5,conv2d_backward_data=v5,conv2d_backward_weights=v5";
    /** Steps that are timed beside PyTorch. */
    private static final String STEPS = "train:128,sample:256,sample:1";
    /** A check takes a GPU far less than a second, and the reference a few: what has not answered by then is deadlocked. */
    private static final int PATIENCE = 30;
    private static final List<String> TIMED = List.of("--preset", "cifar10", "--rounds", "11", "--warm-up", "2");
    private static final String KERNELS = "--kernels";

    private final StageCommands commands;
    private final List<Stage> stages = new ArrayList<>();

    private GpuStages(StageCommands commands) {
        this.commands = commands;
    }

    static List<Stage> all(StageCommands commands) {
        GpuStages s = new GpuStages(commands);
        s.bf16();
        s.beside();
        s.precisions();
        s.loops();
        s.sanitizer("memcheck", "bf16", 90);
        s.rest();
        return s.stages;
    }

    private void add(String name, String subject, int predicted, int least, List<Trait> traits, Work work) {
        stages.add(new Stage(name, subject, predicted, least, traits, work));
    }

    private void bf16() {
        add(INFO, "backends, GPU, driver and host", 6, 6, List.of(Trait.JUDGES, Trait.EVERY_CALL), _ -> commands.info());
        check("check-bf16", "op cases by all variants", "bf16", 60, Map.of(), "--all-variants", ONLY_CASES);
        check("check-large-bf16", "all variants against level 1 at the CIFAR-10 model's shapes", "bf16", 45, Map.of(), NO_CASES, ONLY_CASES, "--large",
                "train:128,sample:256");
        add("peaks", "a copy and a matrix product, by PyTorch and by Sirocco", 35, 35, List.of(Trait.EVERY_CALL), folder -> {
            int call = Ledger.read(folder).calls(); // what an earlier call measured stays: its shares are of its own peaks
            List<List<String>> all = new ArrayList<>();
            if (commands.hasTorch()) {
                all.add(commands.torch("torch-peaks-" + call, "peaks"));
            }
            all.add(commands.bench("bench-peaks-copy-" + call, "copy", 256, "bf16", Map.of(), TIMED));
            all.add(commands.bench("bench-peaks-product-" + call, "product", 8192, "bf16", Map.of(), TIMED));
            return all;
        });
        bench("bench-train-128-bf16", "training step, batch 128", "train", 128, "bf16", 20, Map.of(), KERNELS);
        bench("bench-train-128-bf16-v5", "training step, batch 128, convolution level 5", "train", 128, "bf16", 20, Map.of(), KERNELS, "--kernel", LEVEL_5);
        bench("bench-sample-256-bf16", "sampling step, batch 256", "sample", 256, "bf16", 18, Map.of(), KERNELS);
        bench("bench-sample-1-bf16", "sampling step, batch 1", "sample", 1, "bf16", 15, Map.of(), KERNELS);
    }

    private void beside() {
        torchSteps("torch-steps-bf16", "these steps in PyTorch, eager and as CUDA graphs", 50, 15, "bf16", STEPS, "eager,graph");
        torchSteps("torch-compiled-bf16", "these steps in PyTorch under torch.compile", 210, 60, "bf16", "sample:1,train:128,sample:256", "compile+graphs,compile");
        torchKernels("torch-kernels", "convolutions and attention in cuDNN and SDPA", 40, 10, "conv,attention");
        torchKernels("torch-norms", "GroupNorm in PyTorch, eager and under torch.compile", 60, 20, "norm");
    }

    private void precisions() {
        check("check-f32", "op cases by all variants, chains and training", "f32", 80, Map.of(), "--all-variants");
        add("check-golden-f32", "golden data, f32", 20, 20, List.of(Trait.JUDGES), _ -> List.of(commands.check("check-golden-f32", "f32", PATIENCE, Map.of(), NO_CASES,
                ONLY_CASES, commands.goldenData())));
        check("check-tf32", "op cases by all variants, chains and training", "tf32", 80, Map.of(), "--all-variants");
    }

    private void loops() {
        check("check-chains-bf16", "chains and training", "bf16", 25, Map.of(), NO_CASES);
        check("check-chains-bf16-overlapping", "chains and training with kernels that overlap", "bf16", 25, OVERLAPPING, NO_CASES);
        add("check-golden-f32-overlapping", "golden data with kernels that overlap, f32", 20, 20, List.of(Trait.JUDGES), _ -> List.of(commands.check(
                "check-golden-f32-overlapping", "f32", PATIENCE, OVERLAPPING, NO_CASES, ONLY_CASES, commands.goldenData())));
        bench("bench-sample-1-bf16-overlapping", "sampling step, batch 1, with kernels that overlap", "sample", 1, "bf16", 15, OVERLAPPING);
        bench("bench-train-128-bf16-overlapping", "training step, batch 128, with kernels that overlap", "train", 128, "bf16", 15, OVERLAPPING);
    }

    private void rest() {
        add("tune-bf16", "the fastest variant of each op", 90, 90, List.of(), folder -> List.of(commands.tune(folder, "bf16", "--preset", "cifar10", "--what", STEPS,
                "--rounds", 9)));
        sanitizer("racecheck", "bf16", 150);
        add("variants-bf16", "the training step's kernels by every variant", 90, 90, List.of(), _ -> List.of(commands.bench("variants-bf16", "train", 128, "bf16",
                Map.of(), TIMED, "--all-variants")));
        for (String precision : List.of("tf32", "f32")) {
            bench("bench-train-128-" + precision, "training step, batch 128", "train", 128, precision, 25, Map.of(), KERNELS);
            bench("bench-sample-256-" + precision, "sampling step, batch 256", "sample", 256, precision, 22, Map.of(), KERNELS);
            bench("bench-sample-1-" + precision, "sampling step, batch 1", "sample", 1, precision, 15, Map.of(), KERNELS);
            torchSteps("torch-steps-" + precision, "these steps in PyTorch, " + precision, 150, 30, precision, STEPS, "eager,graph,compile+graphs");
        }
        add("tornado-train-16-f32", "TornadoVM's kernels beside the CUDA backend's", 150, 150, List.of(), folder -> List.of(commands.tornado(folder, TIMED)));
        for (String precision : List.of("f32", "tf32")) {
            sanitizer("memcheck", precision, 120);
            sanitizer("racecheck", precision, 150);
        }
    }

    private void check(String name, String subject, String precision, int predicted, Map<String, String> properties, Object... arguments) {
        add(name, subject + ", " + precision, predicted, predicted, List.of(Trait.JUDGES), _ -> List.of(commands.check(name, precision, PATIENCE, properties, arguments)));
    }

    private void bench(String name, String subject, String what, int batch, String precision, int predicted, Map<String, String> properties, Object... arguments) {
        add(name, subject + ", " + precision, predicted, predicted, List.of(), _ -> List.of(commands.bench(name, what, batch, precision, properties, TIMED,
                List.of(arguments))));
    }

    private void sanitizer(String tool, String precision, int predicted) {
        add(tool + "-" + precision, "compute-sanitizer " + tool + " over the small op cases, " + precision, predicted, predicted, List.of(Trait.JUDGES),
                _ -> List.of(commands.sanitizer(tool, precision)));
    }

    private void torchSteps(String name, String subject, int predicted, int least, String precision, String steps, String modes) {
        add(name, subject, predicted, least, List.of(Trait.RESUMES), folder -> List.of(commands.torchSteps(folder, name, precision, steps, modes)));
    }

    private void torchKernels(String name, String subject, int predicted, int least, String kinds) {
        add(name, subject, predicted, least, List.of(Trait.RESUMES), folder -> List.of(commands.torchKernels(folder, name, kinds, "bench-train-128-bf16",
                "bench-sample-256-bf16")));
    }
}
