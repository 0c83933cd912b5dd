package sirocco.check;

import sirocco.check.Ledger.State;
import sirocco.check.Stage.Trait;

/**
 * Decides whether a stage may start in the time that is left, and how long it may take.
 *
 * @param slack seconds after its expected end before which no stage is ended
 */
record Schedule(double slack) {
    /** A stage that takes this many times as long as expected is ended, so that the next ones begin. */
    private static final double OVERRUN = 2;
    /** But none sooner than so many seconds after its expected end. */
    static final double SLACK = 15;
    /** Two runs on the same hardware differ by so much. */
    private static final double SPREAD = 1.15;

    /**
     * What to do with a stage.
     *
     * @param limit seconds after which it is ended; 0 if it does not start
     * @param expected seconds that it is expected to take
     */
    record Decision(int limit, double expected) {
        boolean starts() {
            return limit > 0;
        }
    }

    /** Whether a further call has nothing to gain from the stage. */
    static boolean isOver(Ledger.Entry entry) {
        return entry.state() == State.DONE || entry.state() == State.FAILED;
    }

    /** Seconds that a stage is expected to take, from an earlier run on this hardware if one is remembered. */
    static double expected(Stage stage, Ledger ledger) {
        double remembered = ledger.remembered(stage.name());
        return Double.isNaN(remembered) ? stage.predicted() : Math.max(1, SPREAD * remembered);
    }

    /**
     * Decides.
     *
     * @param left seconds for stages until the call has to end
     */
    Decision decide(Stage stage, Ledger ledger, double left) {
        Ledger.Entry before = ledger.of(stage.name());
        double expected = expected(stage, ledger);
        boolean resumes = stage.has(Trait.RESUMES);
        // Of one that starts anew after it was cut off, a longer time is remembered than it had.
        boolean stuck = resumes && before.state() == State.CUT_OFF && !before.progress() && (int) left <= before.limit();
        boolean fits = (resumes ? Math.min(stage.least(), expected) : expected) <= left;
        int limit = stuck || !fits ? 0 : (int) Math.min(left, Math.max(OVERRUN * expected, expected + slack));
        return new Decision(limit, expected);
    }
}
