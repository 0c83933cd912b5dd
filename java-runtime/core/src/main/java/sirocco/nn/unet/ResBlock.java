package sirocco.nn.unet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Value;
import sirocco.nn.Parameter;
import sirocco.nn.layer.Conv;
import sirocco.nn.layer.Dropout;
import sirocco.nn.layer.GroupNorm;
import sirocco.nn.layer.Layer;
import sirocco.nn.layer.Linear;

/**
 * skip(x) + conv2(dropout(silu(norm2(conv1(silu(norm1(x))) + proj(emb))))): the residual block of Ho et al. 2020. The shortcut is a
 * 1×1 convolution where the number of channels changes.
 */
record ResBlock(String name, GroupNorm norm1, Conv conv1, Linear proj, GroupNorm norm2, Dropout dropout, Conv conv2, Optional<Conv> shortcut)
        implements Layer {
    static ResBlock of(String name, int in, int out, UNetConfig config) {
        return new ResBlock(name,
                new GroupNorm(name + ".norm1", in, config.normNumGroups(), config.normEps()),
                Conv.of3x3(name + ".conv1", in, out),
                new Linear(name + ".time_emb_proj", config.embeddingDim(), out),
                new GroupNorm(name + ".norm2", out, config.normNumGroups(), config.normEps()),
                new Dropout(name + ".dropout", config.dropout()),
                Conv.of3x3(name + ".conv2", out, out).startingNearZero(),
                in == out ? Optional.empty() : Optional.of(Conv.of1x1(name + ".conv_shortcut", in, out)));
    }

    /** x [n,h,w,in], emb [n,1,1,embeddingDim] (after its SiLU, which all blocks share) → [n,h,w,out] */
    Value apply(GraphBuilder g, Value x, Value emb, Optional<RandomKey> masks) {
        Value h = norm1.applySilu(g, x);
        // Here, so that a wide x need not be kept while conv1 runs; and after norm1, whose reverse pass then adds up both gradients of x.
        Value skip = shortcut.map(s -> s.apply(g, x)).orElse(x);
        h = conv1.applyAddingPerChannel(g, h, proj.apply(g, emb));
        h = dropout.apply(g, norm2.applySilu(g, h), masks);
        return conv2.applyAdding(g, h, skip);
    }

    @Override
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>();
        for (Layer layer : List.of(norm1, conv1, proj, norm2, conv2)) {
            all.addAll(layer.parameters());
        }
        shortcut.ifPresent(s -> all.addAll(s.parameters()));
        return all;
    }
}
