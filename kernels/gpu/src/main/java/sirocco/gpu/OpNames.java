package sirocco.gpu;

import java.util.Locale;
import sirocco.api.Op;

/** Names of ops in the properties and tuning files that choose kernels. */
public final class OpNames {
    private OpNames() { }

    /** Returns the name of an op's type, as in conv2d_backward_data; of a family's {@code Forward} and {@code Backward}, as in attention_backward. */
    public static String of(Class<? extends Op> type) {
        String family = type.getEnclosingClass().getSimpleName();
        String name = switch (type.getSimpleName()) {
            case "Forward" -> family;
            case "Backward" -> family + "Backward";
            default -> type.getSimpleName();
        };
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }
}
