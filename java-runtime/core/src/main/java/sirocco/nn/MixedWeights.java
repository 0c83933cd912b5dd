package sirocco.nn;

import java.util.Collection;
import java.util.Set;
import java.util.function.BiConsumer;
import sirocco.api.Shape;

/** Weights of which some parameters come from elsewhere. */
final class MixedWeights extends Weights {
    private final Weights most;
    private final Set<String> others;
    private final Weights other;

    /** @throws IllegalArgumentException if a parameter from elsewhere has another shape there */
    MixedWeights(Weights most, Set<String> others, Weights other) {
        super(other.config());
        this.most = most;
        this.others = Set.copyOf(others);
        this.other = other;
        for (String name : names()) {
            Shape given = (this.others.contains(name) ? other : most).shape(name);
            if (!given.equals(shape(name))) {
                throw new IllegalArgumentException("weights: parameter \"" + name + "\" (expected " + shape(name) + ", got " + given + ").");
            }
        }
    }

    @Override
    public void read(Collection<String> names, BiConsumer<String, float[]> use) {
        most.read(names.stream().filter(n -> !others.contains(n)).toList(), use);
        other.read(names.stream().filter(others::contains).toList(), use);
    }
}
