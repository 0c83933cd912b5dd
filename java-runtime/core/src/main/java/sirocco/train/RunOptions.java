package sirocco.train;

/**
 * How long a run is, and what it writes. Section {@code run} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record RunOptions(
        @Setting("training steps") long steps,
        @Setting("seed of weights, order and noise") long seed,
        @Setting("steps between checkpoints; 0: only at the end") long saveEvery,
        @Setting("checkpoints kept") int keep,
        @Setting("steps between lines of metrics.jsonl") long logEvery,
        @Setting("steps between sample grids; 0: none") long sampleEvery) {
    public RunOptions {
        SettingCheck.that(steps >= 1 && steps <= Integer.MAX_VALUE, "run.steps", steps, "1 to 2147483647");
        SettingCheck.that(saveEvery >= 0, "run.saveEvery", saveEvery, "0 or more");
        SettingCheck.that(keep >= 1, "run.keep", keep, "1 or more");
        SettingCheck.that(logEvery >= 1, "run.logEvery", logEvery, "1 or more");
        SettingCheck.that(sampleEvery >= 0, "run.sampleEvery", sampleEvery, "0 or more");
    }

    public RunOptions withSteps(long steps) {
        return new RunOptions(steps, seed, saveEvery, keep, logEvery, sampleEvery);
    }

    public RunOptions withSeed(long seed) {
        return new RunOptions(steps, seed, saveEvery, keep, logEvery, sampleEvery);
    }

    public RunOptions withSaveEvery(long saveEvery) {
        return new RunOptions(steps, seed, saveEvery, keep, logEvery, sampleEvery);
    }

    public RunOptions withKeep(int keep) {
        return new RunOptions(steps, seed, saveEvery, keep, logEvery, sampleEvery);
    }

    public RunOptions withLogEvery(long logEvery) {
        return new RunOptions(steps, seed, saveEvery, keep, logEvery, sampleEvery);
    }

    public RunOptions withSampleEvery(long sampleEvery) {
        return new RunOptions(steps, seed, saveEvery, keep, logEvery, sampleEvery);
    }
}
