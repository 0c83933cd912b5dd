package sirocco.train;

import java.util.List;
import java.util.Optional;
import sirocco.api.Executable;
import sirocco.api.Value;

/** Runs training steps: writes what changes from step to step, then runs the reverse pass of each micro-batch and the update. */
final class StepRunner {
    private final TrainGraph graph;
    private final Executable executable;
    private final TrainConfig config;
    private final Optional<GradientHook> hook;
    private final List<Value> gradients;
    private final float[] hyper = new float[16];
    private final int[] rng = new int[4];
    private final int[] row = new int[4];
    private final int[] index;
    /** The first image's number that the index on the device begins with; −1 before it is written. */
    private int indexed = -1;
    /** Whether some but not all reverse passes of a step have run, so that the gradients hold part of a sum. */
    private boolean partial;

    StepRunner(TrainGraph graph, Executable executable, TrainConfig config, Optional<GradientHook> hook) {
        this.graph = graph;
        this.executable = executable;
        this.config = config;
        this.hook = hook;
        gradients = graph.graph().parameters().stream().map(graph::gradient).toList();
        index = new int[graph.key().index().shape().n()];
    }

    /**
     * Runs one step.
     *
     * @param step its number, from 0
     * @throws sirocco.data.DataException if a batch cannot be read; the weights are those before the step
     */
    void run(long step, Feed feed) {
        if (graph.accumulation().isEmpty()) {
            feed.next(executable);
            writeParameters(step);
            writeImages(step, 0);
            executable.run();
            return;
        }
        if (partial) {
            gradients.forEach(g -> executable.write(g, new float[Math.toIntExact(g.shape().elements())]));
        }
        partial = true;
        TrainGraph.Accumulation parts = graph.accumulation().get();
        for (int i = 0; i < parts.count(); i++) {
            feed.next(executable);
            writeMicroBatch(step, i, parts);
            executable.run(TrainGraph.GRADIENTS);
        }
        hook.ifPresent(h -> h.gradients(step, executable, gradients));
        executable.run(TrainGraph.UPDATE);
        partial = false;
    }

    /**
     * Runs a step that failed again, op by op; the weights have not changed since and do not change now.
     *
     * @return where the first NaN or infinity is
     */
    String firstNonFinite(long step, Feed feed) {
        String[] where = {null};
        int parts = graph.accumulation().map(TrainGraph.Accumulation::count).orElse(1);
        for (int i = 0; i < parts && where[0] == null; i++) {
            feed.next(executable);
            if (graph.accumulation().isPresent()) {
                writeMicroBatch(step, i, graph.accumulation().get());
            } else {
                writeParameters(step);
                writeImages(step, 0);
            }
            executable.trace(t -> {
                if (where[0] == null && !t.finite()) {
                    var bad = t.written().stream().filter(s -> s.nonFinite() > 0).findFirst().orElseThrow();
                    where[0] = "in " + t.step() + ": " + bad.nonFinite() + " of " + bad.value().shape().elements() + " elements of " + bad.value().shape();
                }
            });
        }
        return where[0] == null ? "in no single op's output: it did not show again" : where[0];
    }

    private void writeMicroBatch(long step, int number, TrainGraph.Accumulation parts) {
        if (number == 0) {
            writeParameters(step);
        }
        row[2] = parts.row(step, number);
        executable.write(parts.row(), row);
        writeImages(step, number * index.length);
    }

    /** The noise of an image depends on its number in the whole batch, so micro-batches change nothing. */
    private void writeImages(long step, int first) {
        if (first != indexed) {
            for (int i = 0; i < index.length; i++) {
                index[i] = first + i;
            }
            executable.write(graph.key().index(), index);
            indexed = first;
        }
        graph.inputs().writeStep(executable, config.run().seed(), step, first);
    }

    private void writeParameters(long step) {
        rng[0] = (int) config.run().seed();
        rng[1] = (int) (config.run().seed() >>> 32);
        rng[2] = (int) step;
        executable.write(graph.key().rng(), rng);
        hyper[0] = (float) config.learningRate(step);
        hyper[1] = (float) config.optimizer().adam().beta1();
        hyper[2] = (float) config.optimizer().adam().beta2();
        hyper[3] = (float) config.optimizer().adam().epsilon();
        hyper[4] = (float) config.optimizer().weightDecay();
        hyper[5] = (float) Math.min(config.optimizer().emaDecay(), (1.0 + step) / (10.0 + step));
        hyper[6] = (float) config.optimizer().clipNorm();
        hyper[7] = (float) (1 - Math.pow(config.optimizer().adam().beta1(), step + 1));
        hyper[8] = (float) (1 - Math.pow(config.optimizer().adam().beta2(), step + 1));
        executable.write(graph.hyper(), hyper);
    }
}
