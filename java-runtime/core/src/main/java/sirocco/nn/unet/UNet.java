package sirocco.nn.unet;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.ClassCondition;
import sirocco.nn.Condition;
import sirocco.nn.LowResCondition;
import sirocco.nn.Network;
import sirocco.nn.Parameter;
import sirocco.nn.layer.BilinearUpsample;
import sirocco.nn.layer.Conv;
import sirocco.nn.layer.GroupNorm;

/**
 * The denoising network of Ho et al. 2020 (appendix B), as diffusers' {@code UNet2DModel} configures and names it: given a noisy
 * image x_t and its timestep t it predicts ε (or x₀ or v, whatever it is trained for). A U of residual blocks: down through the resolutions, a
 * middle with attention, and up again, each block there joined with its mirror image's output.
 *
 * <p>It records ops; it holds no weights. The same instance may record any number of graphs.
 */
public final class UNet implements Network {
    private final UNetConfig config;
    private final Embedding embedding;
    private final Optional<ClassCondition> classes;
    private final Optional<LowResCondition> lowRes;
    private final Conv convIn;
    private final List<Blocks.Down> down = new ArrayList<>();
    private final Optional<Blocks.Middle> middle;
    private final List<Blocks.Up> up = new ArrayList<>();
    private final GroupNorm normOut;
    private final Conv convOut;

    public UNet(UNetConfig config) {
        this.config = config;
        List<Integer> widths = config.blockOutChannels();
        int base = widths.getFirst();
        int levels = widths.size();
        embedding = Embedding.of(config);
        classes = config.numClassEmbeds().isPresent() ? Optional.of(new ClassCondition(config.numClassEmbeds().getAsInt())) : Optional.empty();
        lowRes = config.lowResFactor().isPresent() ? Optional.of(new LowResCondition(config.size(), config.inChannels(), config.lowResFactor().getAsInt()))
                : Optional.empty();
        convIn = Conv.of3x3("conv_in", config.joinedChannels(), base);

        Deque<Integer> skips = new ArrayDeque<>();
        skips.push(base);
        int width = base;
        for (int i = 0; i < levels; i++) {
            boolean last = i == levels - 1;
            down.add(Blocks.Down.of("down_blocks." + i, width, widths.get(i), config.downAttention().get(i), last, config));
            width = widths.get(i);
            for (int j = 0; j < config.layersPerBlock() + (last ? 0 : 1); j++) {
                skips.push(width);
            }
        }
        middle = config.midBlock() ? Optional.of(Blocks.Middle.of("mid_block", width, config)) : Optional.empty();
        for (int i = 0; i < levels; i++) {
            List<Integer> joined = new ArrayList<>();
            for (int j = 0; j <= config.layersPerBlock(); j++) {
                joined.add(skips.pop());
            }
            int out = widths.get(levels - 1 - i);
            up.add(Blocks.Up.of("up_blocks." + i, width, out, joined, config.upAttention().get(i), i == levels - 1, config));
            width = out;
        }
        normOut = new GroupNorm("conv_norm_out", base, config.normNumGroups(), config.normEps());
        convOut = Conv.of3x3("conv_out", base, config.outChannels()).startingNearZero();
    }

    @Override
    public UNetConfig config() {
        return config;
    }

    /** Returns a {@link ClassCondition} if the model is class-conditional, and a {@link LowResCondition} if it receives a low-resolution partner. */
    @Override
    public List<Condition> conditions() {
        return Stream.<Condition>concat(classes.stream(), lowRes.stream()).toList();
    }

    /** {@inheritDoc} Height and width must allow the halvings. A low-resolution partner has the size of x divided by the factor. */
    @Override
    public Value apply(GraphBuilder g, Value x, Value t, Map<Condition, Value> conditions, Optional<RandomKey> dropout) {
        config.checkSize(x.shape().h(), x.shape().w());
        checkConditions(conditions);
        Value emb = embedding.apply(g, t, classes.map(conditions::get));
        Value signal = g.in("time_embedding.shared_act", () -> g.silu(emb));
        Deque<Value> skips = new ArrayDeque<>();
        Value h = convIn.apply(g, lowRes.map(c -> joined(g, x, conditions.get(c), c.factor())).orElse(x));
        skips.push(h);
        for (Blocks.Down block : down) {
            h = block.apply(g, h, signal, dropout, skips);
        }
        if (middle.isPresent()) {
            h = middle.get().apply(g, h, signal, dropout);
        }
        for (Blocks.Up block : up) {
            h = block.apply(g, h, signal, dropout, skips);
        }
        return convOut.apply(g, normOut.applySilu(g, h));
    }

    /** Records [x, partner enlarged] along channels (Saharia et al. 2021). */
    private Value joined(GraphBuilder g, Value x, Value partner, int factor) {
        Shape s = x.shape();
        Shape expected = new Shape(s.n(), s.h() / factor, s.w() / factor, s.c());
        if (!partner.shape().equals(expected)) {
            throw new IllegalArgumentException(config.className() + ": the low-resolution partner does not fit the image " + s + " (expected " + expected + ", got "
                    + partner.shape() + ").");
        }
        return g.in(LowResCondition.COLUMN, () -> g.concat(x, BilinearUpsample.apply(g, partner, factor)));
    }

    @Override
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>(convIn.parameters());
        all.addAll(embedding.parameters());
        down.forEach(b -> all.addAll(b.parameters()));
        middle.ifPresent(b -> all.addAll(b.parameters()));
        up.forEach(b -> all.addAll(b.parameters()));
        all.addAll(normOut.parameters());
        all.addAll(convOut.parameters());
        return all;
    }
}
