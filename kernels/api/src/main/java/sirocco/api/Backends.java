package sirocco.api;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds backends and chooses one. */
public final class Backends {
    private Backends() { }

    /** A backend and its probe's answer. */
    public record Found(Backend backend, Availability availability) { }

    /** Every backend on the class path, best first. One that cannot even be loaded is left out; its probe could not say more. */
    public static List<Found> all() {
        List<Found> found = new ArrayList<>();
        var services = ServiceLoader.load(Backend.class).iterator();
        while (true) {
            try {
                if (!services.hasNext()) {
                    break;
                }
                Backend b = services.next();
                found.add(new Found(b, b.probe()));
            } catch (ServiceConfigurationError | LinkageError e) {
                System.getLogger(Backends.class.getName()).log(System.Logger.Level.WARNING, "a backend could not be loaded: " + e.getMessage());
            }
        }
        found.sort(Comparator.comparingInt((Found f) -> f.backend().priority()).reversed());
        return found;
    }

    /**
     * @param name a backend's name, or {@code auto} for the best that is available
     * @throws IllegalArgumentException if there is no such backend or it is unavailable here; never a substitute
     */
    public static Backend choose(String name) {
        List<Found> all = all();
        if (name.equals("auto")) {
            return all.stream().filter(f -> f.availability().available() && f.backend().priority() >= 0).map(Found::backend).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("backend auto: none is available: " + list(all)));
        }
        Found f = all.stream().filter(x -> x.backend().name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("backend \"" + name + "\": not known; there are: " + list(all)));
        if (!f.availability().available()) {
            throw new IllegalArgumentException("backend \"" + name + "\": " + f.availability());
        }
        return f.backend();
    }

    private static String list(List<Found> all) {
        return all.isEmpty() ? "no backends on the class path"
                : all.stream().map(f -> f.backend().name() + " (" + f.availability() + ")").collect(Collectors.joining(", "));
    }
}
