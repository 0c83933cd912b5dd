package sirocco.nn.unet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.Parameter;
import sirocco.nn.layer.Layer;
import sirocco.nn.layer.Linear;

/** What tells every block the timestep, and the class if there is one: linear2(silu(linear1(sinusoids(t)))) + table[label]. */
public record Embedding(int sinusoids, boolean flipSinToCos, double freqShift, Linear linear1, Linear linear2, Optional<Table> classes) implements Layer {
    /** One row of {@code dim} numbers for each class. */
    public record Table(String name, int rows, int dim) implements Layer {
        /** labels I32 [n,1,1,1] → [n,1,1,dim] */
        public Value apply(GraphBuilder g, Value labels) {
            return g.in(name, () -> g.embedding(labels, g.parameter("weight", shape())));
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(new Parameter(name + ".weight", shape(), Parameter.Kind.TABLE, Parameter.Init.NORMAL));
        }

        private Shape shape() {
            return new Shape(rows, 1, 1, dim);
        }
    }

    public static Embedding of(UNetConfig config) {
        int base = config.blockOutChannels().getFirst();
        int dim = config.embeddingDim();
        return new Embedding(base, config.flipSinToCos(), config.freqShift(),
                new Linear("time_embedding.linear_1", base, dim),
                new Linear("time_embedding.linear_2", dim, dim),
                config.numClassEmbeds().isPresent()
                        ? Optional.of(new Table("class_embedding", config.numClassEmbeds().getAsInt(), dim)) : Optional.empty());
    }

    /** t F32 [n,1,1,1], labels I32 [n,1,1,1] if there is a class table → [n,1,1,dim] */
    public Value apply(GraphBuilder g, Value t, Optional<Value> labels) {
        Value waves = g.in("time_proj", () -> g.timestepEmbedding(t, sinusoids, flipSinToCos, (float) freqShift));
        Value hidden = linear1.apply(g, waves);
        Value active = g.in("time_embedding.act", () -> g.silu(hidden));
        return linear2.applyAdding(g, active, labels.map(l -> classes.get().apply(g, l)));
    }

    @Override
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>(linear1.parameters());
        all.addAll(linear2.parameters());
        classes.ifPresent(c -> all.addAll(c.parameters()));
        return all;
    }
}
