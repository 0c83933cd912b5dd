package sirocco.train;

import java.util.List;
import sirocco.api.Executable;
import sirocco.api.Value;

/**
 * Receives the gradients of each training step after its last reverse pass and before its update. It may change them: an all-reduce over several trainers
 * belongs here. Runs on the training thread; the device is idle for as long as it takes.
 */
@FunctionalInterface
public interface GradientHook {
    /**
     * Reads, and writes if it changes them, the gradients of the mean loss over the batch, before clipping.
     *
     * @param step number of the step, from 0
     * @param executable of the step, for {@link Executable#read} and {@link Executable#write}
     * @param gradients F32 states, one for each parameter and of its shape, in the order of the graph's parameters
     */
    void gradients(long step, Executable executable, List<Value> gradients);
}
