package sirocco.diffusion;

/**
 * A {@link SamplingTable} run one number at a time in double precision: what the fused op must compute.
 *
 * <p>Use: ask the model for {@code out} at {@link #x()} and {@link #timestep()}, call {@link #step}, and so on while there are steps.
 */
public final class ScalarSampler {
    private final SamplingTable table;
    private final double[] x;
    private final double[] h1;
    private final double[] h2;
    private int step;

    /** @param start x of the first step; copied */
    public ScalarSampler(SamplingTable table, double[] start) {
        this.table = table;
        this.x = start.clone();
        this.h1 = new double[start.length];
        this.h2 = new double[start.length];
    }

    public boolean done() {
        return step == table.steps();
    }

    /** The timestep to give the model now. */
    public int timestep() {
        return table.timesteps()[step];
    }

    /** The state itself, changed by every step. */
    public double[] x() {
        return x;
    }

    /**
     * @param out the model's output at {@link #x()} and {@link #timestep()}
     * @param z standard normal noise; not read where the row's sigma is 0
     */
    public void step(double[] out, double[] z) {
        double clip = table.at(step, SamplingTable.CLIP);
        double sigma = table.at(step, SamplingTable.SIGMA);
        for (int i = 0; i < x.length; i++) {
            double x0 = table.at(step, SamplingTable.KX) * x[i] + table.at(step, SamplingTable.KO) * out[i];
            x0 = Math.clamp(x0, -clip, clip);
            x[i] = table.at(step, SamplingTable.CX) * x[i] + table.at(step, SamplingTable.C0) * x0
                    + table.at(step, SamplingTable.CO) * out[i] + table.at(step, SamplingTable.C1) * h1[i]
                    + table.at(step, SamplingTable.C2) * h2[i] + (sigma == 0 ? 0 : sigma * z[i]);
            h2[i] = h1[i];
            h1[i] = x0;
        }
        step++;
    }
}
