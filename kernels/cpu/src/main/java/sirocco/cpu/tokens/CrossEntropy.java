package sirocco.cpu.tokens;

import sirocco.cpu.Slice;
import sirocco.cpu.Workers;
import sirocco.cpu.math.Exponentials;

/** loss = mean over rows of −ln softmax(logits)[label], and its gradient. Dense rows of logits. */
public final class CrossEntropy {
    /** Floats of an item. */
    private static final int ITEM = 8192;

    private final int rows;
    private final int classes;
    private final int perItem;
    private final int items;
    private final Workers workers;
    /** The sum of each item's losses. */
    private final double[] parts;
    /** A row's exponentials. */
    private final float[][] exponentials;
    private final Workers.Task forward = this::forward;
    private final Workers.Task backward = this::backward;
    private Slice logits;
    private int[] labels;
    private Slice dLogits;

    public CrossEntropy(int rows, int classes, Workers workers) {
        this.rows = rows;
        this.classes = classes;
        this.workers = workers;
        perItem = Math.max(1, ITEM / classes);
        items = (rows + perItem - 1) / perItem;
        parts = new double[items];
        exponentials = new float[workers.threads()][classes];
    }

    /**
     * @param loss one float
     * @throws IllegalArgumentException for a label that is not 0 … classes − 1, before anything is written
     */
    public void run(Slice logits, int[] labels, Slice loss) {
        Ids.check(labels, rows, classes, "row");
        this.logits = logits;
        this.labels = labels;
        workers.run(items, forward);
        double sum = 0;
        for (double part : parts) {
            sum += part;
        }
        loss.array()[loss.offset()] = (float) (sum / rows);
    }

    /**
     * @param dLogits receives (softmax(logits) − one-hot(label)) / rows
     * @throws IllegalArgumentException for a label that is not 0 … classes − 1, before anything is written
     */
    public void runBackward(Slice logits, int[] labels, Slice dLogits) {
        Ids.check(labels, rows, classes, "row");
        this.logits = logits;
        this.labels = labels;
        this.dLogits = dLogits;
        workers.run(items, backward);
    }

    private void forward(int item, int worker) {
        double sum = 0;
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            int at = logits.offset() + row * classes;
            float largest = largest(logits.array(), at, classes);
            double total = exponentials(logits.array(), at, largest, exponentials[worker], 0);
            sum += Math.log(total) + ((double) largest - logits.array()[at + labels[row]]);
        }
        parts[item] = sum;
    }

    private void backward(int item, int worker) {
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            int at = logits.offset() + row * classes;
            int to = dLogits.offset() + row * classes;
            float[] d = dLogits.array();
            float largest = largest(logits.array(), at, classes);
            double total = exponentials(logits.array(), at, largest, d, to);
            float scale = (float) (1 / (total * rows));
            for (int c = 0; c < classes; c++) {
                d[to + c] *= scale;
            }
            d[to + labels[row]] -= 1f / rows;
        }
    }

    private static float largest(float[] x, int at, int n) {
        float largest = x[at];
        for (int i = 1; i < n; i++) {
            largest = Math.max(largest, x[at + i]);
        }
        return largest;
    }

    /** to = e^(x − shift); returns their sum. */
    private double exponentials(float[] x, int at, float shift, float[] to, int target) {
        for (int i = 0; i < classes; i++) {
            to[target + i] = x[at + i] - shift;
        }
        Exponentials.exp(to, target, 1f, to, target, classes);
        double sum = 0;
        for (int i = 0; i < classes; i++) {
            sum += to[target + i];
        }
        return sum;
    }
}
