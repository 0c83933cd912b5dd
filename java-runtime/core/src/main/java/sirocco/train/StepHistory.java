package sirocco.train;

import sirocco.api.Executable;

/** The losses of steps that the device has done since the host last asked, and whether all were finite numbers. */
final class StepHistory {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final TrainGraph graph;
    private final Executable executable;
    private final float[] rows = new float[2 * TrainGraph.HISTORY];
    /** Of micro-batches, if a step has several. */
    private final float[] parts;
    /** Steps before this one have been asked for. */
    private long seen;
    private long asked = System.nanoTime();
    private double losses;

    /** @param step steps that are done */
    StepHistory(TrainGraph graph, Executable executable, long step) {
        this.graph = graph;
        this.executable = executable;
        seen = step;
        parts = new float[graph.accumulation().map(a -> Math.toIntExact(a.losses().shape().elements())).orElse(0)];
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
            graph.accumulation().ifPresent(a -> executable.read(a.losses(), parts));
            asked = System.nanoTime();
            for (long s = seen; s < step; s++) {
                losses += loss(s);
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
        if (graph.accumulation().isEmpty()) {
            return rows[2 * (int) (step % TrainGraph.HISTORY)];
        }
        TrainGraph.Accumulation a = graph.accumulation().get();
        double sum = 0;
        for (int i = 0; i < a.count(); i++) {
            sum += parts[2 * a.row(step, i)];
        }
        return (float) sum;
    }

    /** Of the gradient, before clipping. */
    float norm(long step) {
        return rows[2 * (int) (step % TrainGraph.HISTORY) + 1];
    }

    /** The sum of all losses asked for since the last call, in the order of steps. */
    double takeLosses() {
        double sum = losses;
        losses = 0;
        return sum;
    }
}
