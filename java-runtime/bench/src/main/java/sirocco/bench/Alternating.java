package sirocco.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.CompilationMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Times the sides of a row by turns: rounds A B C, C B A, A B C, …, each turn long enough to be seen over the clock and the scheduler.
 *
 * <p>On a machine that others share, speed drifts by tens of percent within seconds. Measuring all of A and then all of B, as JMH's forks
 * do, puts that drift into the ratio; a ratio of neighbouring turns leaves most of it out. What is reported is therefore the median of
 * the rounds' ratios, not the ratio of the medians.
 */
public final class Alternating {
    private static final double NANO = 1e-9;

    /**
     * @param rounds how often each side has its turn
     * @param turn seconds that a turn lasts at least
     * @param warmUp seconds that each side runs at least before it counts; it goes on, up to five times as long, until it is steady
     * @param settle seconds of rest before a turn, in which the other side's idle threads go to sleep
     */
    public record Protocol(int rounds, double turn, double warmUp, double settle) {
        public Protocol {
            if (rounds < 1 || !(turn > 0) || !(warmUp >= 0) || !(settle >= 0)) {
                throw new IllegalArgumentException("protocol: expected rounds ≥ 1, turn > 0, warm-up and settle ≥ 0, got " + rounds + ", "
                        + turn + ", " + warmUp + ", " + settle);
            }
        }
    }

    /**
     * What was measured of a row.
     *
     * @param ours seconds a run
     * @param peers seconds a run, by memory format
     * @param peer the name of the format that was faster in the median, or empty if there is no peer
     * @param ratios seconds of that format over ours, of each round; all 1 if there is no peer
     * @param error of our results against that format's; NaN if there is no peer
     * @param verdict on that error
     * @param limit the rate of the limit, in the row's unit; null if the row has none
     * @param share of that limit that we reach, of each round; null if the row has no limit
     * @param heapBytes that one of our runs allocates on the heap, over all threads
     * @param collections of garbage during our turns
     */
    public record Outcome(
            Row row, Spread ours, Map<String, Spread> peers, String peer, Spread ratios, double error, Verdict verdict,
            Spread limit, Spread share, double heapBytes, long collections) {}

    /** Whether a row's time may be believed. */
    public enum Verdict { RIGHT, WRONG, UNCHECKED }

    private final Protocol protocol;
    private final Limits limits;
    private final Predicate<String> doubtful;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();

    /**
     * @param limits of the machine, which rows that count operations or bytes are measured beside
     * @param doubtful whether a peer, by its format, is known to compute some wrong results on this processor: rows that it gets wrong are measured without it
     */
    public Alternating(Protocol protocol, Limits limits, Predicate<String> doubtful) {
        this.protocol = protocol;
        this.doubtful = doubtful;
        this.limits = limits;
    }

    /** Builds the row's sides, checks them against each other, warms them up and times them. */
    public Outcome measure(Row row) {
        List<String> formats = new ArrayList<>();
        List<Work> sides = new ArrayList<>();
        try {
            sides.add(row.ours().get());
            row.peers().forEach((format, peer) -> {
                formats.add(format);
                sides.add(peer.get());
            });
            if (limits.has(row.unit())) {
                sides.add(limits.work(row.unit()));
            }
            return measure(row, formats, sides);
        } finally {
            sides.reversed().forEach(Work::close);
        }
    }

    private Outcome measure(Row row, List<String> formats, List<Work> sides) {
        List<Double> errors = new ArrayList<>();
        float[][] ours = sides.get(0).results();
        for (int i = 0; i < formats.size();) {
            double error = row.check().error().of(ours, sides.get(i + 1).results());
            if (row.check().passes(error) || !doubtful.test(formats.get(i))) {
                errors.add(error);
                i++;
            } else {
                System.err.printf(Locale.ROOT, "bench: %s: without %s, whose result is off by %.1e here (expected at most %.1e)%n", row.name(), formats.get(i), error,
                        row.check().tolerance());
                formats.remove(i);
                sides.remove(i + 1).close();
            }
        }
        int[] runs = new int[sides.size()];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = Math.max(1, (int) Math.ceil(protocol.turn() / warmUp(sides.get(i))));
        }
        double[][] seconds = new double[sides.size()][protocol.rounds()];
        long heap = 0;
        long collections = 0;
        for (int round = 0; round < protocol.rounds(); round++) {
            for (int turn = 0; turn < runs.length; turn++) {
                int side = round % 2 == 0 ? turn : runs.length - 1 - turn;
                settle();
                long collectionsBefore = collections();
                long heapBefore = threads.getTotalThreadAllocatedBytes();
                seconds[side][round] = time(sides.get(side), runs[side]);
                if (side == 0) {
                    heap += threads.getTotalThreadAllocatedBytes() - heapBefore;
                    collections += collections() - collectionsBefore;
                }
            }
        }
        Map<String, Spread> peers = new LinkedHashMap<>();
        int best = 0;
        for (int i = 1; i <= formats.size(); i++) {
            Spread spread = Spread.of(seconds[i]);
            peers.put(formats.get(i - 1), spread);
            if (best == 0 || spread.median() < peers.get(formats.get(best - 1)).median()) {
                best = i;
            }
        }
        double[] ratios = new double[protocol.rounds()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = seconds[best][round] / seconds[0][round];
        }
        Spread limit = null;
        Spread share = null;
        if (limits.has(row.unit())) {
            double[] rates = new double[protocol.rounds()];
            double[] shares = new double[protocol.rounds()];
            for (int round = 0; round < shares.length; round++) {
                rates[round] = row.unit().rate(limits.amount(row.unit()), seconds[runs.length - 1][round]);
                shares[round] = row.unit().rate(row.amount(), seconds[0][round]) / rates[round];
            }
            limit = Spread.of(rates);
            share = Spread.of(shares);
        }
        double error = best == 0 ? Double.NaN : errors.get(best - 1);
        Verdict verdict = best == 0 ? Verdict.UNCHECKED : row.check().passes(error) ? Verdict.RIGHT : Verdict.WRONG;
        return new Outcome(row, Spread.of(seconds[0]), peers, best == 0 ? "" : formats.get(best - 1), Spread.of(ratios), error,
                verdict, limit, share, (double) heap / ((long) runs[0] * protocol.rounds()), collections);
    }

    /** Runs until two neighbouring stretches agree to 5 % and the compiler has gone quiet; returns the seconds of a run. */
    private double warmUp(Work side) {
        double stretch = Math.max(protocol.warmUp() / 5, 1e-3);
        double last = Double.POSITIVE_INFINITY;
        double spent = 0;
        while (true) {
            long compiled = compiler.getTotalCompilationTime();
            long start = System.nanoTime();
            int runs = 0;
            do {
                side.run();
                runs++;
            } while ((System.nanoTime() - start) * NANO < stretch);
            double elapsed = (System.nanoTime() - start) * NANO;
            spent += elapsed;
            double each = elapsed / runs;
            boolean quiet = (compiler.getTotalCompilationTime() - compiled) * 1e-3 <= 0.05 * elapsed;
            boolean steady = quiet && Math.abs(each - last) <= 0.05 * each;
            if (spent >= protocol.warmUp() && (steady || spent >= 5 * protocol.warmUp())) {
                return each;
            }
            last = each;
        }
    }

    private static double time(Work side, int runs) {
        long start = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            side.run();
        }
        return (System.nanoTime() - start) * NANO / runs;
    }

    private void settle() {
        try {
            Thread.sleep(Math.round(protocol.settle() * 1e3));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("benchmark: interrupted", e);
        }
    }

    private static long collections() {
        long count = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            count += collector.getCollectionCount();
        }
        return count;
    }
}
