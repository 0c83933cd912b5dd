package sirocco.cpu.pointwise;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/** The gradient of {@link MseLoss}: dPrediction = 2 · weight[image] · (prediction − target) / count, count being n·h·w·c. */
public final class MseLossBackward implements Workers.Task {
    private final Workers workers;
    private final Layout layoutPrediction;
    private final Layout layoutTarget;
    private final Layout layoutGradient;
    private final Spans spans;
    private final double count;
    private float[] prediction;
    private float[] target;
    private float[] weight;
    private float[] gradient;
    private int offsetPrediction;
    private int offsetTarget;
    private int offsetWeight;
    private int offsetGradient;

    public MseLossBackward(Layout prediction, Layout target, Layout gradient, Workers workers) {
        this.workers = workers;
        layoutPrediction = prediction;
        layoutTarget = target;
        layoutGradient = gradient;
        spans = new Spans(prediction, target, gradient);
        count = MseLoss.elements(prediction);
    }

    /**
     * @param weight [n,1,1,1], or null: 1 for every image
     * @param gradient written; may be prediction or target in the same layout
     */
    public void run(float[] prediction, int offsetPrediction, float[] target, int offsetTarget, float[] weight, int offsetWeight,
            float[] gradient, int offsetGradient) {
        this.prediction = prediction;
        this.target = target;
        this.weight = weight;
        this.gradient = gradient;
        this.offsetPrediction = offsetPrediction;
        this.offsetTarget = offsetTarget;
        this.offsetWeight = offsetWeight;
        this.offsetGradient = offsetGradient;
        workers.run(spans.items(), this);
    }

    @Override
    public void run(int item, int worker) {
        for (int s = spans.first(item); s < spans.end(item); s++) {
            spans.clearHalo(gradient, offsetGradient, layoutGradient, s);
            scaled(prediction, offsetPrediction + spans.offset(layoutPrediction, s), target, offsetTarget + spans.offset(layoutTarget, s),
                    gradient, offsetGradient + spans.offset(layoutGradient, s), spans.length(s),
                    (float) (2 * (weight == null ? 1 : weight[offsetWeight + spans.image(s)]) / count));
        }
    }

    private static void scaled(float[] a, int i, float[] b, int j, float[] y, int k, int n, float scale) {
        int e = 0;
        for (; e < F.loopBound(n); e += LANES) {
            FloatVector.fromArray(F, a, i + e).sub(FloatVector.fromArray(F, b, j + e)).mul(scale).intoArray(y, k + e);
        }
        for (; e < n; e++) {
            y[k + e] = (a[i + e] - b[j + e]) * scale;
        }
    }
}
