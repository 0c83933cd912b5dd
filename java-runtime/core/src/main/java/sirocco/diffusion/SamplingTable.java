package sirocco.diffusion;

/**
 * A whole sampling chain as coefficients for one fused op. Row i is (t, kx, ko, clip, cx, c0, co, c1, c2, sigma, 0, 0), and a step is
 * <pre>
 *   out  = model(x, t)
 *   x̂_0 = clamp(kx·x + ko·out, −clip, clip)
 *   x'   = cx·x + c0·x̂_0 + co·out + c1·h1 + c2·h2 + sigma·z,   z standard normal
 *   h2 ← h1,  h1 ← x̂_0,  x ← x'
 * </pre>
 * from x standard normal, h1 = h2 = 0. {@link ScalarSampler} is this in code. Rows are computed in double precision and rounded once.
 *
 * @param rows [steps][{@value #COLUMNS}], row after row; clip is +∞ where nothing is clipped
 * @param timesteps what the model is told at each step, falling
 * @param usesHistory whether any row has c1 or c2; without it h1 and h2 need no memory
 */
public record SamplingTable(float[] rows, int[] timesteps, boolean usesHistory) {
    /** Floats in a row. */
    public static final int COLUMNS = 12;

    public static final int T = 0;
    public static final int KX = 1;
    public static final int KO = 2;
    public static final int CLIP = 3;
    public static final int CX = 4;
    public static final int C0 = 5;
    public static final int CO = 6;
    public static final int C1 = 7;
    public static final int C2 = 8;
    public static final int SIGMA = 9;

    public int steps() {
        return timesteps.length;
    }

    public float at(int step, int column) {
        return rows[step * COLUMNS + column];
    }

    /** Rows in the making. */
    static final class Builder {
        private final int[] timesteps;
        private final float[] rows;
        private final double clip;

        /** @param clip bound of |x̂_0| in every step, above 0; +∞ for none */
        Builder(int[] timesteps, double clip) {
            this.timesteps = timesteps;
            this.rows = new float[timesteps.length * COLUMNS];
            this.clip = clip;
        }

        /** How step i gets x̂_0 and x', in the order of the columns. */
        void row(int i, double kx, double ko, double cx, double c0, double co, double c1, double c2, double sigma) {
            double[] values = {timesteps[i], kx, ko, clip, cx, c0, co, c1, c2, sigma};
            for (int c = 0; c < values.length; c++) {
                float value = (float) values[c];
                if (c != CLIP && !Float.isFinite(value)) {
                    throw new IllegalArgumentException("sampling step " + i + " of " + timesteps.length + ", timestep " + timesteps[i]
                            + ": a coefficient is " + values[c] + "; the schedule and these sampler settings do not go together");
                }
                rows[i * COLUMNS + c] = value;
            }
        }

        SamplingTable build() {
            boolean history = false;
            for (int i = 0; i < timesteps.length; i++) {
                history |= rows[i * COLUMNS + C1] != 0 || rows[i * COLUMNS + C2] != 0;
            }
            return new SamplingTable(rows, timesteps, history);
        }
    }

    /** Rejects a bound that bounds nothing sensible. */
    static void checkClip(double clip) {
        if (!(clip > 0)) {
            throw new IllegalArgumentException("clip: expected a bound above 0, or infinity for none, got " + clip);
        }
    }

    /** Rejects an offset that no timestep bears. */
    static void checkOffset(int stepsOffset) {
        if (stepsOffset < 0) {
            throw new IllegalArgumentException("steps offset: expected 0 or more, got " + stepsOffset);
        }
    }
}
