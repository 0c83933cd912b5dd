package sirocco.nn.layer;

import java.util.List;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.Parameter;

/** Group normalisation (Wu &amp; He 2018) with a scale and a shift per channel. */
public record GroupNorm(String name, int channels, int groups, double eps) implements Layer {
    /** x [n,h,w,channels] → the same shape */
    public Value apply(GraphBuilder g, Value x) {
        return apply(g, x, false);
    }

    /** silu(norm(x)) in one op. */
    public Value applySilu(GraphBuilder g, Value x) {
        return apply(g, x, true);
    }

    private Value apply(GraphBuilder g, Value x, boolean silu) {
        return g.in(name, () -> {
            Value gamma = g.parameter("weight", Shape.vector(channels));
            Value beta = g.parameter("bias", Shape.vector(channels));
            return g.groupNorm(x, gamma, beta, groups, (float) eps, silu);
        });
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(new Parameter(name + ".weight", Shape.vector(channels), Parameter.Kind.VECTOR, Parameter.Init.ONE),
                new Parameter(name + ".bias", Shape.vector(channels), Parameter.Kind.VECTOR, Parameter.Init.ZERO));
    }
}
