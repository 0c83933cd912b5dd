package sirocco.check;

import java.util.List;
import java.util.stream.Stream;

/**
 * One check.
 *
 * @param group ops, variants, large, golden, chains or training; or process, for what happened to one that made checks
 * @param name of the case
 * @param verdict what came of it
 * @param share the largest share of its tolerance that a value used; above 1 is a failure
 * @param problems values with error and tolerance, or the exception, or why it was skipped; empty if it passed
 * @param detail what is worth telling of a check that passed too; empty if nothing is
 * @param millis that it took, the reference's time included
 */
record Outcome(String group, String name, Verdict verdict, double share, List<String> problems, String detail, long millis) {
    /** The same, with one more problem. */
    Outcome with(String problem) {
        return new Outcome(group, name, verdict, share, Stream.concat(problems.stream(), Stream.of(problem)).toList(), detail, millis);
    }

    enum Verdict { PASSED, FAILED, SKIPPED }

    /** What may go wrong in a check. */
    @FunctionalInterface
    interface Check {
        Deviations run() throws Exception;
    }

    /** Runs a check. An op that the backend lacks is skipped; any other exception is a failure of this check, and the next ones go on. */
    static Outcome of(String group, String name, Check check) {
        long start = System.nanoTime();
        Verdict verdict;
        double share = 0;
        List<String> problems;
        String detail = "";
        try {
            Deviations found = check.run();
            problems = found.violations();
            share = found.worst();
            detail = found.detail();
            verdict = problems.isEmpty() ? Verdict.PASSED : Verdict.FAILED;
        } catch (UnsupportedOperationException e) {
            verdict = Verdict.SKIPPED;
            problems = List.of(String.valueOf(e.getMessage()));
        } catch (Exception | LinkageError e) {
            verdict = Verdict.FAILED;
            share = Double.POSITIVE_INFINITY;
            problems = List.of(e.toString());
        }
        return new Outcome(group, name, verdict, share, List.copyOf(problems), detail, (System.nanoTime() - start) / 1_000_000);
    }
}
