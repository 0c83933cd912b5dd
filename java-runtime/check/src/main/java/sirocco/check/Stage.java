package sirocco.check;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A stage of gpu-check: commands that run one after another under one time limit, and leave files named after the stage in the work folder.
 *
 * @param name of letters, digits and hyphens; also the stem of its files
 * @param subject what it measures or checks, for people
 * @param predicted seconds that it is expected to take where no earlier run on the same hardware is remembered
 * @param least seconds that are enough to gain something: below {@code predicted} only where a later call resumes what a limit has cut off
 * @param traits what else the schedule has to know
 * @param work makes its commands when it begins: some depend on what earlier stages left
 */
record Stage(String name, String subject, int predicted, int least, List<Trait> traits, Work work) {
    enum Trait {
        /** A failure is a failure of Sirocco, and not only of what it is compared with. */
        JUDGES,
        /** Continues its own files: cut off by a limit, it gains from a further call. */
        RESUMES,
        /** Runs in each call: later stages relate their results to its results, and the GPU may be another one. */
        EVERY_CALL
    }

    /** Commands of a stage. */
    @FunctionalInterface
    interface Work {
        /**
         * Returns the commands. They run in {@code folder}.
         *
         * @throws Unavailable if this machine, or what earlier stages left, lacks something that they need
         */
        List<List<String>> commands(Path folder) throws IOException, Unavailable;
    }

    /** Says in one sentence what a stage lacks. */
    static final class Unavailable extends Exception {
        private static final long serialVersionUID = 1;

        Unavailable(String why) {
            super(why, null, false, false);
        }
    }

    Stage {
        if (!name.matches("[a-z0-9-]+") || predicted < 1 || least < 1 || least > predicted) {
            throw new IllegalArgumentException("stage " + name + ": expected a name of a-z, 0-9 and -, and 1 <= least <= predicted, got " + least + " and " + predicted);
        }
    }

    boolean has(Trait trait) {
        return traits.contains(trait);
    }
}
