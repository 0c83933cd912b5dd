package sirocco.tornado.kernel;

import java.util.Optional;
import sirocco.api.Value;

/** Where one step finds its operands: F32 values in the device's memory, I32 and U8 values in its words; counted in elements of the array. */
public interface Places {
    int at(Value v);

    /** −1 if there is no value. */
    default int at(Optional<Value> v) {
        return v.isPresent() ? at(v.get()) : -1;
    }

    /** The step's working memory, floats. */
    int scratch();

    /** Where among the words a kernel reports bad data: the offending number, and {@link #faultCode}. An even place. */
    int fault();

    /** Names the step in a report; not 0. */
    int faultCode();
}
