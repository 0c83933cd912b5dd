package sirocco.diffusion;

/** An evaluation of the network during sampling: the noise level of x, and x̂_0 = kx·x + ko·out. */
public interface Evaluation {
    /** Returns the noise level of x, with the time and the factor of x that the network receives. */
    Level level();

    /** Returns the factor of x in x̂_0. */
    double kx();

    /** Returns the factor of the network's output in x̂_0. */
    double ko();
}
