package sirocco.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A way to run plans, found by {@link java.util.ServiceLoader}. Instances must be cheap: no vendor class is touched before {@link #probe}. */
public interface Backend {
    /** As in {@code --backend}. */
    String name();

    /** {@code auto} takes the available backend with the highest; negative: never by itself. */
    int priority();

    /** Whether it can be used here. Never throws. */
    Availability probe();

    /**
     * The system property that takes, when a device is opened, which kernel is to compute an op, as {@code op=variant,…}; empty where the
     * backend leaves no choice.
     */
    default Optional<String> kernelsProperty() {
        return Optional.empty();
    }

    /** Where there is no such property: why, and what to do about it. */
    default String whyNoChoice() {
        return "it has one kernel for each op and shape; choose a --backend with variants, as cuda";
    }

    /** The variants that the property knows, by op. Which of them can compute an op depends on device, precision and shapes. */
    default Map<String, List<String>> kernelVariants() {
        return Map.of();
    }

    /** Opens a device. The caller closes it after every executable it made. */
    Device open(Settings settings);
}
