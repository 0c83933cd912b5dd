package sirocco.diffusion;

import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.Value;

/**
 * The halves of a network's output.
 *
 * @param prediction F32 [n,h,w,c]
 * @param variance F32 [n,h,w,c], what the variance head says, if the network has one
 */
record Outputs(Value prediction, Optional<Value> variance) {
    /** Splits the output [n,h,w,2c] of a network with a variance head. */
    static Outputs split(GraphBuilder g, Value out) {
        int c = out.shape().c() / 2;
        return new Outputs(g.in("prediction", () -> g.slice(out, 0, c)), Optional.of(g.in("variance_head", () -> g.slice(out, c, c))));
    }

    /** @throws IllegalArgumentException if a process has no timesteps, or one only, and therefore no variational bound */
    static DiscreteProcess discrete(ForwardProcess process) {
        if (process instanceof DiscreteProcess discrete) {
            if (discrete.schedule().T() < 2) {
                throw new IllegalArgumentException("the variational bound of a single diffusion step has no variance to learn (expected process.timesteps of at least 2, "
                        + "got 1). Set more.");
            }
            return discrete;
        }
        throw new IllegalArgumentException("the variational bound is a sum over discrete timesteps, which the process does not have (expected process.type discrete, got "
                + "another). Set process.type discrete, or objective.kind simple.");
    }
}
