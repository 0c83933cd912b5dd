package sirocco.api;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Which variant of a kernel was measured to be the fastest, for an op on a device. Where nothing was measured, the backend's own rule holds.
 *
 * @param variants by device, then by {@link Op#signature}
 */
public record Tuning(Map<Key, Map<String, String>> variants) {
    public static final Tuning NONE = new Tuning(Map.of());

    /**
     * What a measurement holds for.
     *
     * @param backend as in {@link Backend#name}
     * @param hardware as in {@link Device#hardware}
     */
    public record Key(String backend, String hardware, Settings.Precision precision) {
        @Override
        public String toString() {
            return backend + ", " + hardware + ", " + precision.name().toLowerCase(Locale.ROOT);
        }
    }

    public Tuning {
        Map<Key, Map<String, String>> copy = new HashMap<>();
        variants.forEach((key, ops) -> copy.put(key, Map.copyOf(ops)));
        variants = Map.copyOf(copy);
    }

    public Optional<String> variant(Key key, Op op) {
        Map<String, String> ops = variants.get(key);
        return ops == null ? Optional.empty() : Optional.ofNullable(ops.get(op.signature()));
    }

    /** How many ops were measured there. */
    public int size(Key key) {
        return variants.getOrDefault(key, Map.of()).size();
    }
}
