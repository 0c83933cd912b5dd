package sirocco.check;

import static sirocco.check.StageCommands.NO_CASES;
import static sirocco.check.StageCommands.ONLY_CASES;
import static sirocco.check.StageCommands.OVERLAPPING;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import sirocco.check.Stage.Trait;
import sirocco.check.Stage.Unavailable;

/**
 * Stages of gpu-check on the emulated driver, which try gpu-check itself: one of each kind, in the same order. The driver is some thousand times slower
 * than a GPU, so cases and models are small.
 */
final class EmulatedStages {
    private static final int PATIENCE = 600;
    private static final List<String> ONCE = List.of("--preset", "small", "--rounds", "1", "--warm-up", "0");

    /** One command of a stage. */
    @FunctionalInterface
    private interface Command {
        List<String> make() throws Unavailable;
    }

    private EmulatedStages() { }

    static List<Stage> all(StageCommands c) {
        List<Stage> all = new ArrayList<>();
        all.add(new Stage(GpuStages.INFO, "backends and host", 5, 5, List.of(Trait.JUDGES, Trait.EVERY_CALL), _ -> c.info()));
        check(all, "check-bf16", "some op cases by all variants", 60, () -> c.check("check-bf16", "bf16", PATIENCE, Map.of(), "--small", "--all-variants", "--cases",
                "^Conv2d 1x1|silu", ONLY_CASES));
        check(all, "check-large-bf16", "variants against level 1 at a tiny model's shapes", 60, () -> c.check("check-large-bf16", "bf16", PATIENCE, Map.of(), "--small",
                NO_CASES, ONLY_CASES, "--large", "train:2"));
        all.add(new Stage("peaks", "a copy", 20, 20, List.of(Trait.EVERY_CALL), folder -> List.of(c.bench("bench-peaks-copy-"
                + Ledger.read(folder).calls(), "copy", 1, "bf16", Map.of(), ONCE))));
        bench(all, c, "bench-sample-1-bf16", "sampling step, batch 1", 60, Map.of());
        bench(all, c, "bench-sample-1-bf16-v5", "sampling step, batch 1, convolution level 5", 60, Map.of(), "--kernel", "conv2d=v5");
        all.add(new Stage("torch-steps-bf16", "these steps in PyTorch", 5, 5, List.of(), _ -> {
            throw new Unavailable("PyTorch is not timed where the driver is emulated");
        }));
        check(all, "check-f32", "some op cases", 25, () -> c.check("check-f32", "f32", PATIENCE, Map.of(), "--small", "--cases", "^Silu|^GroupNormSilu", ONLY_CASES));
        check(all, "check-chains-f32", "chains and training", 60, () -> c.check("check-chains-f32", "f32", PATIENCE, Map.of(), "--small", NO_CASES, "--steps", 2,
                "--chain", 3));
        bench(all, c, "bench-sample-1-bf16-overlapping", "sampling step, batch 1, with kernels that overlap", 60, OVERLAPPING);
        check(all, "memcheck-bf16", "compute-sanitizer memcheck", 5, () -> {
            throw new Unavailable("compute-sanitizer does not know the emulated driver; its checked build checks every access to memory");
        });
        return all;
    }

    private static void check(List<Stage> all, String name, String subject, int predicted, Command command) {
        all.add(new Stage(name, subject, predicted, predicted, List.of(Trait.JUDGES), _ -> List.of(command.make())));
    }

    private static void bench(List<Stage> all, StageCommands c, String name, String subject, int predicted, Map<String, String> properties, Object... arguments) {
        all.add(new Stage(name, subject + ", bf16", predicted, predicted, List.of(), _ -> List.of(c.bench(name, "sample", 1, "bf16", properties, ONCE,
                List.of(arguments)))));
    }
}
