package sirocco.diffusion;

/**
 * A noise level of a {@link ForwardProcess}: x_t = a·x_0 + s·ε, which the network receives as inputScale·x_t together with the number {@code time}.
 *
 * @param time what the network receives as its time (c_noise in Karras et al. 2022)
 * @param inputScale factor of x_t in the network's input (c_in in Karras et al. 2022)
 * @param a factor of the data, 0 or more
 * @param s standard deviation of the noise, above 0
 */
public record Level(double time, double inputScale, double a, double s) {
    /** Returns the signal-to-noise ratio a²/s² (Kingma et al. 2021, eq. 2). */
    public double snr() {
        return a * a / (s * s);
    }
}
