package sirocco.cuda.kernel;

import java.util.Optional;
import sirocco.api.Value;

/** Where one step finds its operands on the device. */
public interface Places {
    long at(Value v);

    /** 0, a null pointer, if there is no value. */
    default long at(Optional<Value> v) {
        return v.isPresent() ? at(v.get()) : 0;
    }

    /** A convolution's weights in the storage type of activations: a copy of what is float32, if the kernel has asked for it. */
    long weights(Value w);

    /** The step's working memory. */
    long scratch();

    /** The step's table: a constant array of 64-bit words, written when the plan is loaded. */
    long table(long[] words);

    /** Where a kernel reports bad data: a 64-bit word, {@link #faultCode} in its high half, the offending number in the low one. */
    long fault();

    /** Names the step in a report. */
    int faultCode();
}
