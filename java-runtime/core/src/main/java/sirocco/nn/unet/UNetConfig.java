package sirocco.nn.unet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkConfig;

/**
 * Everything that shapes a U-Net: diffusers' {@code UNet2DModel} configuration (its {@code config.json}), as far as it is supported.
 * An instance is valid; the constructor throws {@link IllegalArgumentException} naming key, value and what is expected.
 *
 * @param height of an image in pixels, a multiple of 2^(levels − 1); with width, sample_size
 * @param width likewise
 * @param inChannels channels of the noisy image: in_channels, or half of it with a low-resolution partner
 * @param outChannels out_channels
 * @param blockOutChannels block_out_channels: one width a level, each a multiple of normNumGroups
 * @param layersPerBlock layers_per_block: residual blocks a level on the way down; one more on the way up
 * @param downAttention whether each of down_block_types is AttnDownBlock2D rather than DownBlock2D
 * @param upAttention the same of up_block_types, which run from the lowest resolution up
 * @param attentionHeadDim attention_head_dim: channels of one head; empty for one head that has all
 * @param normNumGroups norm_num_groups
 * @param attnNormNumGroups attn_norm_num_groups: groups of the middle's attention; empty for normNumGroups
 * @param normEps norm_eps
 * @param downsamplePadding downsample_padding: 1, or 0 for zeros below and right only (as Ho et al.)
 * @param flipSinToCos flip_sin_to_cos: the time embedding is [cos, sin]
 * @param freqShift freq_shift: 1 in Ho et al.; see {@link sirocco.api.Conditioning.TimestepEmbedding}
 * @param timeEmbeddingDim time_embedding_dim; empty for 4 × the first level's width
 * @param numClassEmbeds num_class_embeds: rows of the class table; empty if the model knows no classes. One trained with label dropping has one
 *     more than there are classes, the last for "no class"
 * @param dropout probability in [0,1), in residual blocks, while training
 * @param midBlock whether mid_block_type is UNetMidBlock2D rather than null
 * @param addAttention add_attention: attention in the middle block
 * @param lowResFactor {@value UNetConfigJson#LOW_RES_FACTOR}, which diffusers ignores: how many times larger the image is than its low-resolution partner, each
 *     way; at least 2, a divisor of height and width; empty if there is no partner
 */
public record UNetConfig(int height, int width, int inChannels, int outChannels, List<Integer> blockOutChannels, int layersPerBlock,
                         List<Boolean> downAttention, List<Boolean> upAttention, OptionalInt attentionHeadDim, int normNumGroups,
                         OptionalInt attnNormNumGroups, double normEps, int downsamplePadding, boolean flipSinToCos, double freqShift,
                         OptionalInt timeEmbeddingDim, OptionalInt numClassEmbeds, double dropout, boolean midBlock, boolean addAttention,
                         OptionalInt lowResFactor)
        implements NetworkConfig {
    // Bounds that no useful model reaches, and below which nothing that is computed from them overflows.
    private static final int MAX_CHANNELS = 1 << 16;
    private static final int MAX_LAYERS = 64;
    private static final int MAX_LEVELS = 16;
    private static final int MAX_SIZE = 1 << 15;

    public UNetConfig {
        blockOutChannels = List.copyOf(blockOutChannels);
        downAttention = List.copyOf(downAttention);
        upAttention = List.copyOf(upAttention);
        int levels = blockOutChannels.size();
        check(levels >= 1 && levels <= MAX_LEVELS, "block_out_channels", blockOutChannels, "1 to " + MAX_LEVELS + " levels");
        String each = "one for each of the " + levels + " block_out_channels";
        check(downAttention.size() == levels, "down_block_types", downAttention.size() + " blocks", each);
        check(upAttention.size() == levels, "up_block_types", upAttention.size() + " blocks", each);
        check(height <= MAX_SIZE && width <= MAX_SIZE, "sample_size", height + "×" + width, "at most " + MAX_SIZE);
        range("in_channels", inChannels, 1, MAX_CHANNELS);
        range("out_channels", outChannels, 1, MAX_CHANNELS);
        range("layers_per_block", layersPerBlock, 1, MAX_LAYERS);
        range("norm_num_groups", normNumGroups, 1, MAX_CHANNELS);
        for (int c : blockOutChannels) {
            range("block_out_channels", c, 1, MAX_CHANNELS);
            check(c % normNumGroups == 0, "block_out_channels", c, "a multiple of norm_num_groups " + normNumGroups);
        }
        range("downsample_padding", downsamplePadding, 0, 1);
        check(normEps > 0 && (float) normEps > 0 && normEps < 1, "norm_eps", normEps, "a small positive number");
        check(freqShift >= 0 && freqShift < blockOutChannels.getFirst() / 2, "freq_shift", freqShift,
                "0 or more, and less than half the first of block_out_channels " + blockOutChannels);
        check(dropout >= 0 && dropout < 1, "dropout", dropout, "a probability in [0,1)");
        optionalRange("time_embedding_dim", timeEmbeddingDim, MAX_CHANNELS);
        optionalRange("num_class_embeds", numClassEmbeds, 1 << 24);
        optionalRange("attention_head_dim", attentionHeadDim, MAX_CHANNELS);
        optionalRange("attn_norm_num_groups", attnNormNumGroups, MAX_CHANNELS);
        checkHalvings(height, width, levels);
        lowResFactor.ifPresent(f -> {
            range(UNetConfigJson.LOW_RES_FACTOR, f, 2, MAX_SIZE);
            checkDivides(f, height, width);
        });
        for (int i = 0; i < levels; i++) {
            if (downAttention.get(i) || upAttention.get(levels - 1 - i)) {
                checkHeads(blockOutChannels.get(i), attentionHeadDim);
            }
        }
        if (midBlock && addAttention) {
            int c = blockOutChannels.getLast();
            checkHeads(c, attentionHeadDim);
            check(attnNormNumGroups.isEmpty() || c % attnNormNumGroups.getAsInt() == 0, "attn_norm_num_groups", attnNormNumGroups,
                    "a divisor of the last of block_out_channels, " + c);
        }
    }

    // ---- presets ---------------------------------------------------------------------------------------------------------------

    /** 1,624,323 parameters for 16×16 colour images: 32·(1,2,2) channels, attention at 8×8. Trains in minutes on a CPU. */
    public static UNetConfig small() {
        return builder().size(16).blockOutChannels(32, 64, 64).attentionAt(1).normNumGroups(8).build();
    }

    /** The CIFAR-10 model of Ho et al. 2020: 35,746,307 parameters for 32×32, 128·(1,2,2,2) channels, attention at 16×16, dropout 0.1. */
    public static UNetConfig cifar10() {
        return builder().size(32).blockOutChannels(128, 256, 256, 256).attentionAt(1).normNumGroups(32).dropout(0.1).build();
    }

    /** A configuration with everything as in Ho et al. 2020 that is not set otherwise. */
    public static UNetConfigBuilder builder() {
        return new UNetConfigBuilder();
    }

    /** A builder that starts from this configuration. */
    public UNetConfigBuilder toBuilder() {
        return new UNetConfigBuilder(this);
    }

    // ---- diffusers' config.json ------------------------------------------------------------------------------------------------

    /**
     * Reads a {@code config.json}. Keys that are absent have diffusers' defaults; keys that start with an underscore are notes.
     *
     * @throws IOException if it cannot be read or is not JSON
     * @throws IllegalArgumentException naming file, key, value and what is supported, where a value asks for what is not
     */
    public static UNetConfig read(Path file) throws IOException {
        return read(file, Optional.empty());
    }

    /** The same for images of another size than the file's {@code sample_size}, which may be null then. */
    public static UNetConfig read(Path file, Optional<ImageSize> size) throws IOException {
        return UNetConfigJson.read(file, size);
    }

    @Override
    public String className() {
        return UNetConfigJson.CLASS;
    }

    @Override
    public UNet network() {
        return new UNet(this);
    }

    /** Returns the text of a {@code config.json} that diffusers and {@link #read} understand. */
    @Override
    public String toJson() {
        return UNetConfigJson.write(this);
    }

    // ---- what follows from it --------------------------------------------------------------------------------------------------

    /** Resolutions. */
    public int levels() {
        return blockOutChannels.size();
    }

    /** Returns in_channels of the file, the channels that the first convolution reads: those of the image, and as many of a low-resolution partner. */
    int joinedChannels() {
        return lowResFactor.isPresent() ? 2 * inChannels : inChannels;
    }

    /** Numbers that tell a block the timestep. */
    public int embeddingDim() {
        return timeEmbeddingDim.orElse(4 * blockOutChannels.getFirst());
    }

    /** Attention heads where there are {@code channels}. */
    public int heads(int channels) {
        return channels / attentionHeadDim.orElse(channels);
    }

    /** Groups of the norm before the middle's attention. */
    public int attentionNormGroups() {
        return attnNormNumGroups.orElse(normNumGroups);
    }

    @Override
    public ImageSize size() {
        return new ImageSize(height, width);
    }

    @Override
    public UNetConfig fitted(ImageSize size, int channels, int classes, boolean nullClass) {
        return toBuilder().fitted(size, channels, classes, nullClass).build();
    }

    @Override
    public UNetConfig withOutChannels(int channels) {
        return toBuilder().outChannels(channels).build();
    }

    @Override
    public UNetConfig withLowResFactor(OptionalInt factor) {
        return toBuilder().lowResFactor(factor.orElse(0)).build();
    }

    /** {@inheritDoc} They must be halved from level to level, and divided by the factor of a low-resolution partner. */
    @Override
    public void checkSize(int h, int w) {
        checkHalvings(h, w, levels());
        lowResFactor.ifPresent(f -> checkDivides(f, h, w));
    }

    // ---- checks ----------------------------------------------------------------------------------------------------------------

    private static void checkHalvings(int h, int w, int levels) {
        int unit = 1 << (levels - 1);
        check(h >= 1 && w >= 1 && h % unit == 0 && w % unit == 0, "sample_size", h + "×" + w,
                "positive multiples of " + unit + ", since " + levels + " levels halve an image " + (levels - 1) + " times");
    }

    private static void checkDivides(int factor, int h, int w) {
        check(h % factor == 0 && w % factor == 0, UNetConfigJson.LOW_RES_FACTOR, factor, "a divisor of the image size " + h + "×" + w);
    }

    private static void checkHeads(int channels, OptionalInt headDim) {
        check(headDim.isEmpty() || channels % headDim.getAsInt() == 0, "attention_head_dim", headDim,
                "a divisor of the " + channels + " channels that attention works on, or null");
    }

    private static void optionalRange(String key, OptionalInt value, int max) {
        value.ifPresent(v -> range(key, v, 1, max));
    }

    private static void range(String key, int value, int min, int max) {
        check(value >= min && value <= max, key, value, min + " to " + max);
    }

    private static void check(boolean ok, String key, Object value, String expected) {
        if (!ok) {
            Object shown = value instanceof OptionalInt o ? o.getAsInt() : value;
            throw new IllegalArgumentException("model configuration: " + key + " is " + shown + ", expected " + expected);
        }
    }

    static List<Boolean> levelsWith(int levels, int... chosen) {
        List<Boolean> flags = new ArrayList<>(Collections.nCopies(levels, false));
        for (int level : chosen) {
            check(level >= 0 && level < levels, "attention level", level, "0 to " + (levels - 1));
            flags.set(level, true);
        }
        return flags;
    }
}
