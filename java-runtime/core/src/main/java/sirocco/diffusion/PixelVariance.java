package sirocco.diffusion;

/**
 * What is not linear in a {@link SolverProgram}: the noise of each row has a standard deviation for each element, which the network's variance head says.
 *
 * @param head how σ² is read from the output
 * @param low for each row the logarithm of the posterior's variance
 * @param range for each row the logarithm of β less {@code low}
 */
public record PixelVariance(VarianceHead head, double[] low, double[] range) {
    /** Returns σ of an element in a row. */
    double deviation(int row, double v) {
        return Math.exp(0.5 * (low[row] + head.above(v, low[row], range[row])));
    }
}
