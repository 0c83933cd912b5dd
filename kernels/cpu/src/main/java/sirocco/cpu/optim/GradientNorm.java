package sirocco.cpu.optim;

import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.LaneSums;

/** norm = sqrt(sum g²) over a dense region: float32 over chunks of fixed size, double over the chunks, in their order. */
public final class GradientNorm implements Workers.Task {
    private static final int CHUNK = 4096;
    private static final int CHUNKS_PER_ITEM = 16;

    private final Workers workers;
    private final int count;
    private final double[] parts;
    private final float[][] scratch;
    private float[] g;
    private int offsetG;

    /** @param count floats of the region */
    public GradientNorm(int count, Workers workers) {
        this.workers = workers;
        this.count = count;
        int item = CHUNK * CHUNKS_PER_ITEM;
        parts = new double[count / item + (count % item == 0 ? 0 : 1)];
        scratch = new float[workers.threads()][LaneSums.SCRATCH];
    }

    /**
     * @param norm receives one float at {@code offsetNorm}: not finite if any gradient is not, or if one is so large (above 1e17) that its
     *     square is not
     */
    public void run(float[] g, int offsetG, float[] norm, int offsetNorm) {
        this.g = g;
        this.offsetG = offsetG;
        workers.run(parts.length, this);
        double sum = 0;
        for (double part : parts) {
            sum += part;
        }
        norm[offsetNorm] = (float) Math.sqrt(sum);
    }

    @Override
    public void run(int item, int worker) {
        double sum = 0;
        int first = item * CHUNK * CHUNKS_PER_ITEM;
        for (int chunk = 0; chunk < CHUNKS_PER_ITEM && first < count; chunk++, first += CHUNK) {
            sum += LaneSums.squares(g, offsetG + first, Math.min(CHUNK, count - first), scratch[worker]);
        }
        parts[item] = sum;
    }
}
