package sirocco.diffusion;

import sirocco.api.Value;

/**
 * A noised batch of a training step.
 *
 * @param input F32 [n,h,w,c], what the network receives: inputScale·x_t
 * @param time F32 [n,1,1,1], the network's time
 * @param target F32 [n,h,w,c], what the network's output should be
 * @param weight F32 [n,1,1,1], factor of each image's squared error
 */
public record Noised(Value input, Value time, Value target, Value weight) { }
