package sirocco.nn.unet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.Value;
import sirocco.nn.Parameter;
import sirocco.nn.layer.GroupNorm;
import sirocco.nn.layer.Layer;
import sirocco.nn.layer.Linear;

/** x + out(attention(q(h), k(h), v(h))) with h = norm(x): every pixel of an image looks at every other. */
record AttentionBlock(String name, GroupNorm norm, Linear q, Linear k, Linear v, int heads, Linear out) implements Layer {
    static AttentionBlock of(String name, int channels, int groups, UNetConfig config) {
        return new AttentionBlock(name,
                new GroupNorm(name + ".group_norm", channels, groups, config.normEps()),
                new Linear(name + ".to_q", channels, channels),
                new Linear(name + ".to_k", channels, channels),
                new Linear(name + ".to_v", channels, channels),
                config.heads(channels),
                new Linear(name + ".to_out.0", channels, channels).startingNearZero());
    }

    /** x [n,h,w,channels] → the same shape */
    Value apply(GraphBuilder g, Value x) {
        Value h = norm.apply(g, x);
        Value query = q.apply(g, h);
        Value key = k.apply(g, h);
        Value value = v.apply(g, h);
        Value mixed = g.in(name, () -> g.attention(query, key, value, heads));
        return out.applyAdding(g, mixed, Optional.of(x));
    }

    @Override
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>();
        for (Layer layer : List.of(norm, q, k, v, out)) {
            all.addAll(layer.parameters());
        }
        return all;
    }
}
