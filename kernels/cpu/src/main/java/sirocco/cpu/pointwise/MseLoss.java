package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** loss = mean over all elements of weight[image] · (prediction − target)². */
public final class MseLoss implements Workers.Task {
    private final Workers workers;
    private final Layout layoutPrediction;
    private final Layout layoutTarget;
    private final Spans spans;
    private final double[] parts;
    private final float[][] scratch;
    private final double count;
    private float[] prediction;
    private float[] target;
    private float[] weight;
    private int offsetPrediction;
    private int offsetTarget;
    private int offsetWeight;

    public MseLoss(Layout prediction, Layout target, Workers workers) {
        this.workers = workers;
        layoutPrediction = prediction;
        layoutTarget = target;
        spans = new Spans(prediction, target);
        parts = new double[spans.items()];
        scratch = new float[workers.threads()][LaneSums.SCRATCH];
        count = elements(prediction);
    }

    static double elements(Layout l) {
        return (double) l.n() * l.h() * l.w() * l.c();
    }

    /**
     * @param weight [n,1,1,1], or null: 1 for every image
     * @param loss receives one float at {@code offsetLoss}
     */
    public void run(float[] prediction, int offsetPrediction, float[] target, int offsetTarget, float[] weight, int offsetWeight,
            float[] loss, int offsetLoss) {
        this.prediction = prediction;
        this.target = target;
        this.weight = weight;
        this.offsetPrediction = offsetPrediction;
        this.offsetTarget = offsetTarget;
        this.offsetWeight = offsetWeight;
        workers.run(parts.length, this);
        double sum = 0;
        for (double part : parts) {
            sum += part;
        }
        loss[offsetLoss] = (float) (sum / count);
    }

    @Override
    public void run(int item, int worker) {
        double sum = 0;
        for (int s = spans.first(item); s < spans.end(item); s++) {
            sum += (weight == null ? 1 : weight[offsetWeight + spans.image(s)])
                    * LaneSums.squaredDifferences(prediction, offsetPrediction + spans.offset(layoutPrediction, s),
                            target, offsetTarget + spans.offset(layoutTarget, s), spans.length(s), scratch[worker]);
        }
        parts[item] = sum;
    }
}
