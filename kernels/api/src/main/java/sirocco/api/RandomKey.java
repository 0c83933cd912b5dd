package sirocco.api;

/**
 * The random key of a batch, from which ops draw ({@link Philox}): a number depends on seed, step and sample alone.
 *
 * @param rng I32 [1,1,1,4]: seed low, seed high, step, 0
 * @param index I32 [n,1,1,1]: the sample index of each image
 */
public record RandomKey(Value rng, Value index) { }
