package sirocco.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import sirocco.api.Device;
import sirocco.testkit.OpCase;

/** The ways in which each case has been computed, as the notes of its plans tell them. */
final class KnownWays {
    private final Map<OpCase, Set<List<String>>> seen = new HashMap<>();

    /** Whether the device computes a case in a way that it was not asked about before. An op that it lacks is no way. */
    boolean isNew(OpCase c, Device device) {
        try {
            return seen.computeIfAbsent(c, _ -> new HashSet<>()).add(List.of(device.plan(c.graph()).notes()));
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }
}
