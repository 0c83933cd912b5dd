package sirocco.tornado.kernel;

import java.util.Optional;
import sirocco.api.Value;

/** Where one step finds its operands in the device's memory, counted in floats. */
public interface Places {
    int at(Value v);

    /** −1 if there is no value. */
    default int at(Optional<Value> v) {
        return v.isPresent() ? at(v.get()) : -1;
    }

    /** The step's working memory. */
    int scratch();

    /** Where a kernel reports bad data: two words, {@link #faultCode} and the offending number. */
    int fault();

    /** Names the step in a report; not 0. */
    int faultCode();
}
