package sirocco.api;

import java.util.HashMap;
import java.util.Map;

/**
 * Checks the ids that the host writes, of embeddings and of a dataset's images, so that a run can refuse bad ones at once and need not wait for
 * the device to find them. Ids that a step computes are the kernels' to check.
 */
public final class Ids {
    /** The step that reads them, and how many there are to choose from. */
    private record Use(Step step, int rows) { }

    /** By the value that the host writes. */
    private final Map<Value, Use> uses = new HashMap<>();
    private final Map<Value, String> bad = new HashMap<>();

    public Ids(Graph graph) {
        Map<Value, Value> origin = new HashMap<>();
        for (Step step : graph.steps()) {
            switch (step.op()) {
                case Movement.Repeat op -> moved(origin, op.x(), op.y());
                case Movement.Reshape op -> moved(origin, op.x(), op.y());
                case Conditioning.Embedding op -> add(origin.getOrDefault(op.ids(), op.ids()), new Use(step, op.table().shape().n()));
                case Movement.GatherImages op -> add(origin.getOrDefault(op.ids(), op.ids()), new Use(step, op.dataset().shape().n()));
                case Loss.CrossEntropy op -> add(origin.getOrDefault(op.labels(), op.labels()), new Use(step, op.logits().shape().c()));
                default -> { }
            }
        }
    }

    private static void moved(Map<Value, Value> origin, Value from, Value to) {
        if (from.dtype() == DType.I32) {
            origin.put(to, origin.getOrDefault(from, from));
        }
    }

    /** Of several that read the same ids, the strictest counts. */
    private void add(Value ids, Use use) {
        uses.merge(ids, use, (a, b) -> a.rows <= b.rows ? a : b);
    }

    public void written(Value v, int[] ids) {
        Use use = uses.get(v);
        if (use != null) {
            bad.remove(v);
            for (int i = 0; i < ids.length; i++) {
                if (ids[i] < 0 || ids[i] >= use.rows) {
                    bad.put(v, message(use.step, ids[i], use.rows) + ", image " + i + " of " + v);
                    return;
                }
            }
        }
    }

    private static String message(Step step, int id, int rows) {
        return step + ": id " + id + " is not among those there are, expected 0 to " + (rows - 1);
    }

    /** @throws IllegalStateException if what was written last is not all rows of its table */
    public void check() {
        if (!bad.isEmpty()) {
            throw new IllegalStateException(bad.values().iterator().next());
        }
    }
}
