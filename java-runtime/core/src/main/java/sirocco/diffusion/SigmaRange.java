package sirocco.diffusion;

import java.util.function.DoubleFunction;

/**
 * The noise levels of a process as a continuous function of σ, for x = x_0 + σ·ε.
 *
 * @param max the largest σ, where sampling starts
 * @param min the smallest σ at which the network is evaluated, above 0
 * @param start standard deviation of x at {@code max}, for data of unit variance
 * @param at returns the level of a σ in [min, max]
 */
public record SigmaRange(double max, double min, double start, DoubleFunction<SigmaGrid.Point> at) { }
