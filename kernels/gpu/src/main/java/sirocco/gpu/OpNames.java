package sirocco.gpu;

import java.util.Locale;
import sirocco.api.Op;

/** Names of ops in the properties and tuning files that choose kernels. */
public final class OpNames {
    private OpNames() { }

    /** Returns the name of an op's type, as in conv2d_backward_data. */
    public static String of(Class<? extends Op> type) {
        return type.getSimpleName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }
}
