package sirocco.torch;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;

/** Reads components of public records. */
final class Components {
    private Components() { }

    static Object get(Object of, RecordComponent c) {
        try {
            return c.getAccessor().invoke(of);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(of.getClass().getSimpleName() + "." + c.getName() + " cannot be read", e); // a public record can
        }
    }
}
