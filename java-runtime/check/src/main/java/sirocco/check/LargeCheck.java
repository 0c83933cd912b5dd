package sirocco.check;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import sirocco.api.Device;
import sirocco.api.Executable;

/**
 * Compares the results of variants, element by element, with those of the simplest kernels (level 1 of every op) on the same device. At the shapes of
 * a model no reference in double precision is needed for that, which would take hours.
 */
final class LargeCheck implements AutoCloseable {
    private static final String SIMPLEST = "*=v1";
    /** The backend's own choice. */
    static final String RULE = "";

    private final List<String> variants;
    private final Map<String, Device> devices = new LinkedHashMap<>();

    /**
     * @param open opens the device with a variant taken wherever it fits
     * @param variants all there are, as op=variant
     */
    LargeCheck(Function<String, Device> open, List<String> variants) {
        this.variants = Stream.concat(Stream.of(RULE), variants.stream().filter(v -> level(v) > 1).sorted(Comparator.comparing(LargeCheck::level).reversed())).toList();
        try {
            devices.put(SIMPLEST, open.apply(SIMPLEST));
            this.variants.forEach(v -> devices.put(v, open.apply(v)));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** As in op=v5 or op=v5_128x64. The highest come first: they are the newest. */
    private static int level(String variant) {
        return variant.charAt(variant.indexOf("=v") + 2) - '0';
    }

    /** The device that computes everything by level 1. */
    Device simplest() {
        return devices.get(SIMPLEST);
    }

    Device device(String variant) {
        return devices.get(variant);
    }

    /** Prepares a case; nothing is computed before the first comparison. */
    Case of(LargeCase c) {
        return new Case(c);
    }

    /** A case, and what level 1 makes of it. */
    final class Case {
        private final LargeCase c;
        private final Map<String, String> different = new LinkedHashMap<>();
        private List<float[]> expected;

        private Case(LargeCase c) {
            this.c = c;
            Set<List<String>> seen = new HashSet<>(Set.of(notes(simplest())));
            for (String v : variants) {
                // A variant of another op, or that does not fit, computes this one as the backend chooses: that way is checked once.
                List<String> notes = notes(device(v));
                if (seen.add(notes)) {
                    different.put(v, (v.equals(RULE) ? "the rule" : v) + ", " + c + " by " + notes.getLast());
                }
            }
        }

        private List<String> notes(Device device) {
            return List.of(device.plan(c.graph()).notes());
        }

        /** Those that compute the case in a way that none before them does, with what is computed how. */
        Map<String, String> variants() {
            return different;
        }

        /** Compares all results with level 1's, and a second run's with the first's, which are to be the same bits. */
        Deviations compare(String variant) {
            if (expected == null) {
                try (Executable e = load(simplest())) {
                    expected = run(e);
                    c.poison(e);
                }
            }
            Deviations found = new Deviations();
            try (Executable e = load(device(variant))) {
                List<float[]> actual = run(e);
                for (int i = 0; i < actual.size(); i++) {
                    LargeCase.Result r = c.results().get(i);
                    Closeness.Compared compared = r.closeness().compare(r.value(), actual.get(i), expected.get(i));
                    found.add(compared.share(), compared.share() <= 1 ? null : compared.text(), compared.text());
                }
                List<float[]> again = run(e);
                for (int i = 0; i < actual.size(); i++) {
                    int at = Arrays.mismatch(actual.get(i), again.get(i));
                    if (at >= 0) {
                        found.add(Double.POSITIVE_INFINITY, c.results().get(i).value() + ": another run on the same data gave other bits, first at element " + at + ": "
                                + again.get(i)[at] + ", was " + actual.get(i)[at]);
                    }
                }
                c.poison(e);
            }
            return found;
        }

        private Executable load(Device device) {
            return device.load(device.plan(c.graph()));
        }

        private List<float[]> run(Executable e) {
            c.fill(e);
            e.run();
            return c.read(e);
        }
    }

    @Override
    public void close() {
        devices.values().forEach(Device::close);
        devices.clear();
    }
}
