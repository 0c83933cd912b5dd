package sirocco.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import sirocco.api.Backend;
import sirocco.api.Backends;
import sirocco.api.KernelChoices;

/** Takes what --kernel says to the backends that it is meant for. */
final class AskedKernels {
    private AskedKernels() { }

    /**
     * For each backend that has them, in the property that it reads as a device is opened.
     *
     * @param names of the backends
     * @param asked op=variant each
     * @throws IllegalArgumentException for a variant that none of the backends has, saying which there are
     */
    static void ask(List<String> names, List<String> asked) {
        List<Backend> backends = names.stream().distinct().map(Backends::choose).toList();
        Map<String, List<String>> byProperty = new LinkedHashMap<>();
        for (String one : asked) {
            List<Backend> having = backends.stream().filter(b -> refusal(b, one).isEmpty()).toList();
            if (having.isEmpty()) {
                throw new IllegalArgumentException("--kernel " + one + ": " + backends.stream().map(b -> refusal(b, one).orElseThrow()).collect(Collectors.joining("; ")));
            }
            having.forEach(b -> byProperty.computeIfAbsent(b.kernelsProperty().orElseThrow(), _ -> new ArrayList<>()).add(one));
        }
        byProperty.forEach((property, ones) -> System.setProperty(property, String.join(",", ones)));
    }

    /** What a backend has against it. */
    private static Optional<String> refusal(Backend backend, String one) {
        if (backend.kernelsProperty().isEmpty()) {
            return Optional.of(backend.name() + ": " + backend.whyNoChoice());
        }
        try {
            KernelChoices.parse(backend.name(), one, backend.kernelVariants());
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }
}
