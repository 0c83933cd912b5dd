package sirocco.diffusion;

/**
 * What the network's output stands for. With x_t = a·x_0 + s·ε, the estimate x̂_0 and the training target are linear: x̂_0 = {@link #x0FromX}·x_t +
 * {@link #x0FromOut}·out, and target = {@link #targetFromEpsilon}·ε + {@link #targetFromX0}·x_0, for which x̂_0 = x_0.
 */
public interface Parameterization {
    /**
     * Returns the factor of x_t in x̂_0.
     *
     * @throws IllegalArgumentException if the output does not determine x_0 at this level
     */
    double x0FromX(double a, double s);

    /**
     * Returns the factor of the output in x̂_0.
     *
     * @throws IllegalArgumentException if the output does not determine x_0 at this level
     */
    double x0FromOut(double a, double s);

    /** Returns the factor of the output in a·x̂_0, which is finite at zero signal too. */
    double signalFromOut(double a, double s);

    /** Returns the factor of ε in the training target. */
    double targetFromEpsilon(double a, double s);

    /** Returns the factor of x_0 in the training target. */
    double targetFromX0(double a, double s);
}
