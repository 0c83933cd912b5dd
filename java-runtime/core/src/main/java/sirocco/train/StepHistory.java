package sirocco.train;

import java.util.LinkedHashMap;
import java.util.Map;
import sirocco.api.Executable;
import sirocco.api.Value;

/** The losses of steps that the device has done since the host last asked, and whether all were finite numbers. */
final class StepHistory {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final TrainGraph graph;
    private final Executable executable;
    private final float[] rows = new float[2 * TrainGraph.HISTORY];
    private final Recorded loss;
    private final Map<String, Recorded> parts = new LinkedHashMap<>();
    /** Steps before this one have been asked for. */
    private long seen;
    private long asked = System.nanoTime();

    /** A mean over the batch that each step records, or of which each micro-batch of a step records its share. */
    private final class Recorded {
        private final Value state;
        private final float[] data;
        private double sum;

        Recorded(Value state, float[] data) {
            this.state = state;
            this.data = data;
        }

        Recorded(Value state) {
            this(state, new float[Math.toIntExact(state.shape().elements())]);
        }

        float of(long step) {
            if (graph.accumulation().isEmpty()) {
                return data[2 * (int) (step % TrainGraph.HISTORY)];
            }
            TrainGraph.Accumulation a = graph.accumulation().get();
            double sum = 0;
            for (int i = 0; i < a.count(); i++) {
                sum += data[2 * a.row(step, i)];
            }
            return (float) sum;
        }

        double take() {
            double taken = sum;
            sum = 0;
            return taken;
        }
    }

    /** @param step steps that are done */
    StepHistory(TrainGraph graph, Executable executable, long step) {
        this.graph = graph;
        this.executable = executable;
        seen = step;
        // Of a step of a single phase, the loss is in the history, which is read for the norm in any case.
        loss = graph.accumulation().map(a -> new Recorded(a.losses())).orElseGet(() -> new Recorded(graph.history(), rows));
        graph.parts().forEach((name, state) -> parts.put(name, new Recorded(state)));
    }

    /**
     * Whether the host should ask, though nothing else makes it: soon there are more losses than the device keeps, or steps are so slow that
     * asking after each costs nothing, and someone may be watching.
     */
    boolean due(long step) {
        return step - seen >= TrainGraph.HISTORY || System.nanoTime() - asked >= LOOK_NANOS;
    }

    /**
     * Waits until {@code step} steps are done, and asks for their losses.
     *
     * @return the step, from 0, whose loss or norm was the first that is no finite number; −1 if there was none
     */
    long ask(long step) {
        if (step > seen) {
            executable.read(graph.history(), rows);
            graph.accumulation().ifPresent(a -> executable.read(a.losses(), loss.data));
            parts.values().forEach(p -> executable.read(p.state, p.data));
            asked = System.nanoTime();
            for (long s = seen; s < step; s++) {
                loss.sum += loss(s);
                for (Recorded part : parts.values()) {
                    part.sum += part.of(s);
                }
                if (!Float.isFinite(loss(s)) || !Float.isFinite(norm(s))) {
                    return s;
                }
            }
            seen = step;
        }
        return -1;
    }

    /** The mean over the batch, for a step, from 0, that was among the last asked for. */
    float loss(long step) {
        return loss.of(step);
    }

    /** Of the gradient, before clipping. */
    float norm(long step) {
        return rows[2 * (int) (step % TrainGraph.HISTORY) + 1];
    }

    /** The sum of all losses asked for since the last call, in the order of steps. */
    double takeLosses() {
        return loss.take();
    }

    /** For each named part of the loss the mean over the steps asked for since the last call. @param steps the number of them */
    Map<String, Double> takeParts(long steps) {
        Map<String, Double> means = new LinkedHashMap<>();
        parts.forEach((name, p) -> means.put(name, p.take() / steps));
        return means;
    }
}
