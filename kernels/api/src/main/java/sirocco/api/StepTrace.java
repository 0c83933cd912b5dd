package sirocco.api;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What trace mode saw of one step.
 *
 * @param number the step's place in the plan
 * @param nanos how long it ran
 * @param algorithm how the backend computed it; empty where there is one way only
 * @param written what it left in each F32 value that it wrote or changed; empty if nobody wanted to see that
 */
public record StepTrace(int number, Step step, long nanos, String algorithm, List<Stats> written) {
    /**
     * @param nonFinite elements that are NaN or infinite; the other figures leave them out
     */
    public record Stats(Value value, double mean, double rms, float min, float max, long nonFinite) {
        public static Stats of(Value value, float[] data) {
            double sum = 0;
            double squares = 0;
            float min = Float.POSITIVE_INFINITY;
            float max = Float.NEGATIVE_INFINITY;
            long bad = 0;
            for (float f : data) {
                if (Float.isFinite(f)) {
                    sum += f;
                    squares += (double) f * f;
                    min = Math.min(min, f);
                    max = Math.max(max, f);
                } else {
                    bad++;
                }
            }
            long finite = data.length - bad;
            return new Stats(value, sum / Math.max(1, finite), Math.sqrt(squares / Math.max(1, finite)), min, max, bad);
        }
    }

    /**
     * @param observed whether to look at what it wrote
     * @param read an F32 value's elements
     */
    public static StepTrace of(int number, Step step, long nanos, String algorithm, boolean observed, Function<Value, float[]> read) {
        Stream<Value> written = observed ? Stream.concat(step.op().outputs().stream(), step.op().updates().stream()) : Stream.empty();
        return new StepTrace(number, step, nanos, algorithm,
                written.filter(v -> v.dtype() == DType.F32).map(v -> Stats.of(v, read.apply(v))).toList());
    }

    public boolean finite() {
        return written.stream().allMatch(s -> s.nonFinite == 0);
    }
}
