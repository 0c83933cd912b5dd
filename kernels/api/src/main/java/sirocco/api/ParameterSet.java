package sirocco.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parameters of one network, or of one role of it: what is trained, frozen, averaged or copied together. A set is filled by recording a network in {@link
 * GraphBuilder#with}; recording it again with the same set shares the weights. Whether a set is trained is not a property of it: those sets are trained whose
 * gradients are asked for ({@link Gradients#of}) and given to an optimizer.
 *
 * <p>In a graph with several sets, a parameter's name is the set's prefix and the path of its layer.
 */
public final class ParameterSet {
    private final String prefix;
    private final Map<String, Value> values = new LinkedHashMap<>();

    /** @param prefix of names in the graph, as in {@code teacher.}; may be empty for one set of a graph */
    public ParameterSet(String prefix) {
        this.prefix = prefix;
    }

    public String prefix() {
        return prefix;
    }

    /** The parameters recorded so far, in the order they were made. */
    public Collection<Value> values() {
        return Collections.unmodifiableCollection(values.values());
    }

    /** The parameters by their names without the prefix. */
    public Map<String, Value> byName() {
        return Collections.unmodifiableMap(values);
    }

    void add(String name, Value v) {
        values.put(name, v);
    }

    /**
     * Pairs of this set's parameters with another's of the same names.
     *
     * @throws IllegalArgumentException if one set has a parameter that the other lacks, or of another shape
     */
    public List<Pair> pairedWith(ParameterSet other) {
        List<Pair> pairs = new ArrayList<>();
        for (Map.Entry<String, Value> e : values.entrySet()) {
            Value partner = other.values.get(e.getKey());
            if (partner == null || !partner.shape().equals(e.getValue().shape())) {
                throw new IllegalArgumentException("parameter sets \"" + prefix + "\" and \"" + other.prefix + "\": " + e.getKey() + e.getValue().shape()
                        + (partner == null ? " has no partner" : " has a partner of shape " + partner.shape()) + ". Record the same network with both.");
            }
            pairs.add(new Pair(e.getValue(), partner));
        }
        if (other.values.size() != values.size()) {
            throw new IllegalArgumentException("parameter sets \"" + prefix + "\" and \"" + other.prefix + "\" have " + values.size() + " and "
                    + other.values.size() + " parameters. Record the same network with both.");
        }
        return pairs;
    }

    /** A parameter of one set and the one of the same name of another. */
    public record Pair(Value mine, Value other) { }
}
