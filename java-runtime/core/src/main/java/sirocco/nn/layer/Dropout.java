package sirocco.nn.layer;

import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Value;

/** Inverted dropout with probability p while training; nothing at all otherwise. */
public record Dropout(String name, double p) {
    public Value apply(GraphBuilder g, Value x, Optional<RandomKey> masks) {
        return masks.map(m -> g.in(name, () -> g.dropout(x, m.rng(), m.index(), (float) p))).orElse(x);
    }
}
