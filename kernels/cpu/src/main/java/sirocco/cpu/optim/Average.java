package sirocco.cpu.optim;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.cpu.Workers;

/** target ← decay·target + (1 − decay)·source over dense regions. */
public final class Average implements Workers.Task {
    private static final int ITEM = 16384;

    private final Workers workers;
    private final int count;
    private float[] source;
    private float[] target;
    private int offsetSource;
    private int offsetTarget;
    private float kept;
    private float added;

    /** @param count floats of each region */
    public Average(int count, Workers workers) {
        this.workers = workers;
        this.count = count;
    }

    public void run(float decay, float[] source, int offsetSource, float[] target, int offsetTarget) {
        this.source = source;
        this.target = target;
        this.offsetSource = offsetSource;
        this.offsetTarget = offsetTarget;
        kept = decay;
        added = 1 - decay;
        workers.run(count / ITEM + (count % ITEM == 0 ? 0 : 1), this);
    }

    @Override
    public void run(int item, int worker) {
        float[] s = source;
        float[] t = target;
        int i = item * ITEM;
        int end = Math.min(i + ITEM, count);
        for (; i <= end - LANES; i += LANES) {
            FloatVector share = FloatVector.fromArray(F, s, offsetSource + i).mul(added);
            FloatVector.fromArray(F, t, offsetTarget + i).fma(FloatVector.broadcast(F, kept), share).intoArray(t, offsetTarget + i);
        }
        for (; i < end; i++) {
            t[offsetTarget + i] = Math.fma(t[offsetTarget + i], kept, s[offsetSource + i] * added);
        }
    }
}
