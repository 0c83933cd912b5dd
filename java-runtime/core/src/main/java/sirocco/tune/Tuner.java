package sirocco.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntPredicate;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.api.Step;
import sirocco.api.StepTrace;

/**
 * Finds out which variant of a kernel is the fastest for each op of some plans, by timing whole runs in which one op's variant is another than
 * the backend's own choice: operands then lie in memory and caches as they do in use.
 *
 * <p>A variant whose results are plainly others is reported and never taken. That is a look at means and root mean squares, which a kernel that
 * computes rubbish fails; {@code sirocco check --all-variants} holds every variant against the double-precision reference.
 */
public final class Tuner {
    /** A variant has to be faster by so much to be taken: less may be chance. */
    private static final double GAIN = 0.97;
    /** A run that takes so many times as long as the backend's own needs no median. */
    private static final double SLOWER = 2;

    /** A plan that is to run fast; in memory it has the same data every time. */
    public interface Work {
        /** Plans it, allocating nothing. */
        Plan plan(Device device);

        /** Loads it for as long as it is used. */
        void with(Device device, Consumer<Executable> use);
    }

    /**
     * A variant whose results are not those of the backend's own choice.
     *
     * @param step the first at which that was seen
     */
    public record Wrong(String variant, String step, String what) { }

    /**
     * @param measured signatures of all ops that have several variants
     * @param faster where one of them is faster than the backend's own choice
     */
    public record Found(List<String> measured, List<TuningFile.Entry> faster, List<Wrong> wrong) { }

    /** Of the plan that the backend makes by itself, or with one variant. */
    private record Run(List<Step> steps, String[] notes, List<StepTrace> trace, double[] nanos) {
        double total() {
            return Arrays.stream(nanos).sum();
        }
    }

    private record Timed(String variant, double nanos) { }

    private final Precision precision;
    private final int rounds;
    private final Map<String, Timed> best = new LinkedHashMap<>();
    private final Map<String, Timed> rule = new HashMap<>();
    private final List<Wrong> wrong = new ArrayList<>();

    /** @param rounds that each time is the median of */
    public Tuner(Precision precision, int rounds) {
        this.precision = precision;
        this.rounds = rounds;
    }

    /**
     * @param open opens the device with an op=variant, or, given an empty text, as it is by itself
     * @param variants all there are, as op=variant
     * @param tried told after each
     * @throws IllegalStateException if the device fails, naming the variant; {@link #found} has what was measured before
     */
    public void tune(Function<String, Device> open, List<String> variants, List<Work> works, Runnable tried) {
        // It stays open, so that the context of a GPU does, in which the others are.
        try (Device device = open.apply("")) {
            for (Work work : works) {
                tune(open, device, variants, work, tried);
            }
        }
    }

    private void tune(Function<String, Device> open, Device plain, List<String> variants, Work work, Runnable tried) {
        List<Run> runs = new ArrayList<>();
        work.with(plain, e -> runs.add(run(e, firsts(e.plan()), Double.POSITIVE_INFINITY)));
        Run own = runs.getFirst();
        Set<List<String>> seen = new HashSet<>(Set.of(List.of(work.plan(plain).notes())));
        for (String variant : variants) {
            try (Device device = open.apply(variant)) {
                if (seen.add(List.of(work.plan(device).notes()))) { // otherwise it fits nothing, or as another does
                    work.with(device, e -> {
                        String[] notes = e.plan().notes();
                        IntPredicate first = firsts(e.plan());
                        compare(variant, own, run(e, i -> first.test(i) && !notes[i].equals(own.notes[i]), SLOWER * own.total()));
                    });
                }
            } catch (IllegalArgumentException e) { // it needs more memory than there is
                wrong.add(new Wrong(variant, "its loading", e.getMessage()));
            } catch (RuntimeException e) {
                throw new IllegalStateException(variant + ": " + e.getMessage(), e);
            }
            tried.run();
        }
    }

    /** Of the steps that are computed alike, and could be computed in another way, the first: to look at all results would take longer than to time them. */
    private static IntPredicate firsts(Plan plan) {
        List<Step> steps = plan.graph().steps();
        Set<String> seen = new HashSet<>();
        BitSet first = new BitSet();
        for (int i = 0; i < steps.size(); i++) {
            first.set(i, !plan.notes()[i].isEmpty() && seen.add(steps.get(i).op().signature()));
        }
        return first::get;
    }

    /** What is known by now. */
    public Found found() {
        List<TuningFile.Entry> faster = new ArrayList<>();
        best.forEach((op, timed) -> {
            Timed by = rule.get(op);
            if (timed.nanos < GAIN * by.nanos) {
                faster.add(new TuningFile.Entry(op, timed.variant, micros(timed.nanos), by.variant, micros(by.nanos)));
            }
        });
        return new Found(List.copyOf(rule.keySet()), faster, List.copyOf(wrong));
    }

    private static double micros(double nanos) {
        return Math.round(nanos) * 1e-3;
    }

    /**
     * @param observed steps at whose results to look
     * @param enough nanoseconds of a run above which one is timed and no more
     */
    private Run run(Executable e, IntPredicate observed, double enough) {
        List<StepTrace> trace = new ArrayList<>();
        e.trace(observed, trace::add);
        List<Step> steps = e.plan().graph().steps();
        long[][] nanos = new long[rounds][steps.size()];
        e.time(nanos[0]);
        int timed = Arrays.stream(nanos[0]).sum() > enough ? 1 : rounds;
        for (int r = 0; r < timed && timed > 1; r++) { // the first again: it was to warm up
            e.time(nanos[r]);
        }
        double[] medians = new double[steps.size()];
        for (int i = 0; i < medians.length; i++) {
            int step = i;
            medians[i] = Arrays.stream(nanos, 0, timed).mapToLong(round -> round[step]).sorted().toArray()[timed / 2];
        }
        return new Run(steps, e.plan().notes(), trace, medians);
    }

    /** Takes the steps that were computed in another way into account. */
    private void compare(String variant, Run own, Run other) {
        Map<String, double[]> sums = new LinkedHashMap<>(); // by signature: how many steps, what they take by themselves and with the variant
        Set<String> bad = new HashSet<>();
        for (int i = 0; i < own.notes.length; i++) {
            if (own.notes[i].equals(other.notes[i])) {
                continue;
            }
            String op = own.steps.get(i).op().signature();
            String difference = difference(own.trace.get(i), other.trace.get(i));
            if (!difference.isEmpty() && bad.add(op)) {
                wrong.add(new Wrong(variant, own.steps.get(i).toString(), difference));
            }
            double[] sum = sums.computeIfAbsent(op, _ -> new double[3]);
            sum[0]++;
            sum[1] += own.nanos[i];
            sum[2] += other.nanos[i];
            rule.put(op, new Timed(own.notes[i], sum[1] / sum[0]));
        }
        String name = variant.substring(variant.indexOf('=') + 1);
        sums.forEach((op, sum) -> {
            if (!bad.contains(op)) {
                best.merge(op, new Timed(name, sum[2] / sum[0]), (a, b) -> a.nanos <= b.nanos ? a : b);
            }
        });
    }

    /** What is plainly another result; empty if nothing is. */
    private String difference(StepTrace own, StepTrace other) {
        for (int i = 0; i < Math.min(own.written().size(), other.written().size()); i++) { // neither if nobody looked
            StepTrace.Stats a = own.written().get(i);
            StepTrace.Stats b = other.written().get(i);
            double allowed = tolerance() * a.rms() + Float.MIN_NORMAL;
            if (a.nonFinite() != b.nonFinite() || !(Math.abs(a.mean() - b.mean()) <= allowed && Math.abs(a.rms() - b.rms()) <= allowed)) {
                return "%s: mean %.6g, root mean square %.6g, %d not finite; expected %.6g, %.6g, %d".formatted(a.value(), b.mean(), b.rms(), b.nonFinite(),
                        a.mean(), a.rms(), a.nonFinite());
            }
        }
        return "";
    }

    /** Of the means of values whose every element, and whatever it was computed from, is off by a few roundings. */
    private double tolerance() {
        return switch (precision) {
            case F32 -> 0x1p-12;
            case TF32 -> 0x1p-7;
            case BF16 -> 0x1p-5;
        };
    }
}
