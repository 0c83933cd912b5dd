package sirocco.api;

/**
 * What an operand is to its op. Backends choose layout and storage type by it: an activation may lie in blocks of channels or in bf16, everything
 * else is dense, in logical NHWC order and in its own type.
 */
public enum OperandRole {
    /** A feature map, an image, tokens, or the gradient of one. */
    ACTIVATION,
    /** A weight, its gradient, or a state that an optimizer keeps for it. F32. */
    WEIGHT,
    /** A few numbers that keep full precision: means, log-sum-exps, norms, losses, timesteps. F32. */
    STATISTIC,
    /** Row numbers, class labels, a cursor, a random key, pixels of 8 bits: I32 or U8. */
    INDEX,
    /** Coefficients that the host computes: a schedule, the rows of a solver, an optimizer's hyperparameters. F32. */
    TABLE
}
