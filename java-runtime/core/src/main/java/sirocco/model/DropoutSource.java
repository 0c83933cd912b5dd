package sirocco.model;

import sirocco.api.Value;

/**
 * Where dropout's masks come from while training: the random key of {@link sirocco.api.Op}.
 *
 * @param rng I32 [1,1,1,4]: seed low, seed high, step, 0
 * @param index I32 [n,1,1,1]: the sample index of each image
 */
public record DropoutSource(Value rng, Value index) { }
