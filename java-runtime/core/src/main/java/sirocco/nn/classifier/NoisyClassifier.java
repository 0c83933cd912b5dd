package sirocco.nn.classifier;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Value;
import sirocco.nn.Condition;
import sirocco.nn.Network;
import sirocco.nn.Parameter;
import sirocco.nn.layer.Conv;
import sirocco.nn.layer.GroupNorm;
import sirocco.nn.layer.Linear;
import sirocco.nn.unet.Blocks;
import sirocco.nn.unet.Embedding;
import sirocco.nn.unet.UNetConfig;

/**
 * A classifier of noisy images, log p(y | x_t, t), for classifier guidance (Dhariwal &amp; Nichol 2021, section 4): the way down of a U-Net and its middle,
 * normalization, the mean over all pixels, and a linear layer. Its output is [n,1,1,classes], logits.
 */
public final class NoisyClassifier implements Network {
    private final NoisyClassifierConfig config;
    private final Embedding embedding;
    private final Conv convIn;
    private final List<Blocks.Down> down = new ArrayList<>();
    private final Blocks.Middle middle;
    private final GroupNorm normOut;
    private final Linear out;

    public NoisyClassifier(NoisyClassifierConfig config) {
        this.config = config;
        UNetConfig c = config.encoder();
        List<Integer> widths = c.blockOutChannels();
        embedding = Embedding.of(c);
        convIn = Conv.of3x3("conv_in", c.inChannels(), widths.getFirst());
        int width = widths.getFirst();
        for (int i = 0; i < widths.size(); i++) {
            down.add(Blocks.Down.of("down_blocks." + i, width, widths.get(i), c.downAttention().get(i), i == widths.size() - 1, c));
            width = widths.get(i);
        }
        middle = Blocks.Middle.of("mid_block", width, c);
        normOut = new GroupNorm("norm_out", width, c.normNumGroups(), c.normEps());
        out = new Linear("out", width, config.classCount());
    }

    @Override
    public NoisyClassifierConfig config() {
        return config;
    }

    @Override
    public List<Condition> conditions() {
        return List.of();
    }

    /** {@inheritDoc} The output is [n,1,1,classes], logits. */
    @Override
    public Value apply(GraphBuilder g, Value x, Value t, Map<Condition, Value> conditions, Optional<RandomKey> dropout) {
        config.checkSize(x.shape().h(), x.shape().w());
        checkConditions(conditions);
        Value emb = embedding.apply(g, t, Optional.empty());
        Value signal = g.in("time_embedding.shared_act", () -> g.silu(emb));
        Value h = convIn.apply(g, x);
        for (Blocks.Down block : down) {
            h = block.apply(g, h, signal, dropout, new ArrayDeque<>());
        }
        Value features = normOut.applySilu(g, middle.apply(g, h, signal, dropout));
        return out.apply(g, g.in("pool", () -> g.mean(features, EnumSet.of(Axis.H, Axis.W))));
    }

    @Override
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>(convIn.parameters());
        all.addAll(embedding.parameters());
        down.forEach(b -> all.addAll(b.parameters()));
        all.addAll(middle.parameters());
        all.addAll(normOut.parameters());
        all.addAll(out.parameters());
        return all;
    }
}
