package sirocco.nn.unet;

import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.nn.Parameter;
import sirocco.nn.layer.Conv;
import sirocco.nn.layer.Layer;

/** The three kinds of blocks that a U-Net is stacked from. An attention belongs to the residual block of the same place. */
public final class Blocks {
    private Blocks() { }

    /** Residual blocks at one resolution, then half of it; what each leaves is kept for the way up. */
    public record Down(List<ResBlock> resnets, List<AttentionBlock> attentions, Optional<Conv> downsampler) implements Layer {
        public static Down of(String name, int in, int out, boolean attention, boolean last, UNetConfig config) {
            List<ResBlock> resnets = new ArrayList<>();
            for (int j = 0; j < config.layersPerBlock(); j++) {
                resnets.add(ResBlock.of(name + ".resnets." + j, j == 0 ? in : out, out, config));
            }
            Window half = config.downsamplePadding() == 0 ? Window.down() : Window.padded(3, 2, config.downsamplePadding());
            return new Down(resnets, attentionsOf(name, attention ? config.layersPerBlock() : 0, out, config),
                    last ? Optional.empty() : Optional.of(new Conv(name + ".downsamplers.0.conv", out, out, half, Parameter.Init.FAN_AVERAGE)));
        }

        /** h [n,y,x,in] → [n,y/2,x/2,out], not halved in the last block. Pushes every resolution's results to {@code skips}. */
        public Value apply(GraphBuilder g, Value h, Value emb, Optional<RandomKey> masks, Deque<Value> skips) {
            for (int j = 0; j < resnets.size(); j++) {
                h = resnets.get(j).apply(g, h, emb, masks);
                h = attentions.isEmpty() ? h : attentions.get(j).apply(g, h);
                skips.push(h);
            }
            if (downsampler.isPresent()) {
                h = downsampler.get().apply(g, h);
                skips.push(h);
            }
            return h;
        }

        @Override
        public List<Parameter> parameters() {
            return collect(resnets, attentions, downsampler);
        }
    }

    /** Two residual blocks at the lowest resolution with an attention between. */
    public record Middle(ResBlock first, Optional<AttentionBlock> attention, ResBlock second) implements Layer {
        public static Middle of(String name, int channels, UNetConfig config) {
            return new Middle(ResBlock.of(name + ".resnets.0", channels, channels, config),
                    config.addAttention() ? Optional.of(AttentionBlock.of(name + ".attentions.0", channels, config.attentionNormGroups(), config))
                            : Optional.empty(),
                    ResBlock.of(name + ".resnets.1", channels, channels, config));
        }

        /** h [n,y,x,channels] → the same shape */
        public Value apply(GraphBuilder g, Value h, Value emb, Optional<RandomKey> masks) {
            h = first.apply(g, h, emb, masks);
            h = attention.isPresent() ? attention.get().apply(g, h) : h;
            return second.apply(g, h, emb, masks);
        }

        @Override
        public List<Parameter> parameters() {
            return collect(List.of(first, second), attention.stream().toList(), Optional.empty());
        }
    }

    /** One more residual block than on the way down, each fed also what its mirror image left there; then twice the resolution. */
    public record Up(List<ResBlock> resnets, List<AttentionBlock> attentions, Optional<Conv> upsampler) implements Layer {
        /** @param skips channels that each residual block gets from the way down */
        public static Up of(String name, int in, int out, List<Integer> skips, boolean attention, boolean last, UNetConfig config) {
            List<ResBlock> resnets = new ArrayList<>();
            for (int j = 0; j < skips.size(); j++) {
                resnets.add(ResBlock.of(name + ".resnets." + j, (j == 0 ? in : out) + skips.get(j), out, config));
            }
            return new Up(resnets, attentionsOf(name, attention ? skips.size() : 0, out, config),
                    last ? Optional.empty() : Optional.of(Conv.of3x3(name + ".upsamplers.0.conv", out, out)));
        }

        /** h [n,y,x,in] → [n,2y,2x,out], not doubled in the last block. Pops from {@code skips}. */
        public Value apply(GraphBuilder g, Value h, Value emb, Optional<RandomKey> masks, Deque<Value> skips) {
            for (int j = 0; j < resnets.size(); j++) {
                ResBlock resnet = resnets.get(j);
                Value below = h;
                Value both = g.in(resnet.name(), () -> g.concat(below, skips.pop()));
                h = resnet.apply(g, both, emb, masks);
                h = attentions.isEmpty() ? h : attentions.get(j).apply(g, h);
            }
            if (upsampler.isPresent()) {
                Value low = h;
                Value high = g.in(upsampler.get().name() + ".nearest", () -> g.upsample(low));
                h = upsampler.get().apply(g, high);
            }
            return h;
        }

        @Override
        public List<Parameter> parameters() {
            return collect(resnets, attentions, upsampler);
        }
    }

    private static List<AttentionBlock> attentionsOf(String name, int count, int channels, UNetConfig config) {
        List<AttentionBlock> all = new ArrayList<>();
        for (int j = 0; j < count; j++) {
            all.add(AttentionBlock.of(name + ".attentions." + j, channels, config.normNumGroups(), config));
        }
        return all;
    }

    private static List<Parameter> collect(List<ResBlock> resnets, List<AttentionBlock> attentions, Optional<Conv> sampler) {
        List<Parameter> all = new ArrayList<>();
        resnets.forEach(r -> all.addAll(r.parameters()));
        attentions.forEach(a -> all.addAll(a.parameters()));
        sampler.ifPresent(s -> all.addAll(s.parameters()));
        return all;
    }
}
