package sirocco.nn.unet;

import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkConfig;

/** Collects a {@link UNetConfig}, starting from Ho et al. 2020: every setting is theirs where it is not set. {@link #build} checks. */
public final class UNetConfigBuilder {
    private int height = 32;
    private int width = 32;
    private int inChannels = 3;
    private int outChannels = 3;
    private List<Integer> blockOutChannels = List.of(128, 256, 256, 256);
    private int layersPerBlock = 2;
    private List<Boolean> downAttention = List.of();
    private List<Boolean> upAttention = List.of();
    private OptionalInt attentionHeadDim = OptionalInt.empty();
    private int normNumGroups = 32;
    private OptionalInt attnNormNumGroups = OptionalInt.empty();
    private double normEps = 1e-6;
    private int downsamplePadding;
    private boolean flipSinToCos;
    private double freqShift = 1;
    private OptionalInt timeEmbeddingDim = OptionalInt.empty();
    private OptionalInt numClassEmbeds = OptionalInt.empty();
    private double dropout;
    private boolean midBlock = true;
    private boolean addAttention = true;
    private OptionalInt lowResFactor = OptionalInt.empty();

    UNetConfigBuilder() { }

    UNetConfigBuilder(UNetConfig c) {
        size(c.height(), c.width()).inChannels(c.inChannels()).outChannels(c.outChannels()).layersPerBlock(c.layersPerBlock());
        blockOutChannels = c.blockOutChannels();
        attention(c.downAttention(), c.upAttention());
        normNumGroups(c.normNumGroups()).normEps(c.normEps()).downsamplePadding(c.downsamplePadding());
        flipSinToCos(c.flipSinToCos()).freqShift(c.freqShift()).dropout(c.dropout()).midBlock(c.midBlock()).addAttention(c.addAttention());
        attentionHeadDim = c.attentionHeadDim();
        attnNormNumGroups = c.attnNormNumGroups();
        timeEmbeddingDim = c.timeEmbeddingDim();
        numClassEmbeds = c.numClassEmbeds();
        lowResFactor = c.lowResFactor();
    }

    /** Square images. */
    public UNetConfigBuilder size(int pixels) {
        return size(pixels, pixels);
    }

    /** Sets what {@link NetworkConfig#fitted} changes. */
    public UNetConfigBuilder fitted(ImageSize size, int channels, int classes, boolean nullClass) {
        return size(size.height(), size.width()).channels(channels).numClassEmbeds(classes == 0 || !nullClass ? classes : classes + 1);
    }

    public UNetConfigBuilder size(int height, int width) {
        this.height = height;
        this.width = width;
        return this;
    }

    /** The same number in and out. */
    public UNetConfigBuilder channels(int channels) {
        return inChannels(channels).outChannels(channels);
    }

    public UNetConfigBuilder inChannels(int channels) {
        inChannels = channels;
        return this;
    }

    public UNetConfigBuilder outChannels(int channels) {
        outChannels = channels;
        return this;
    }

    /** One width a level, from the full resolution down. Forgets where attention was. */
    public UNetConfigBuilder blockOutChannels(int... channels) {
        blockOutChannels = IntStream.of(channels).boxed().toList();
        downAttention = List.of();
        upAttention = List.of();
        return this;
    }

    public UNetConfigBuilder layersPerBlock(int layers) {
        layersPerBlock = layers;
        return this;
    }

    /** Attention at these levels, 0 the full resolution, on the way down and up; at no others. Set the levels first. */
    public UNetConfigBuilder attentionAt(int... levels) {
        List<Boolean> down = UNetConfig.levelsWith(blockOutChannels.size(), levels);
        return attention(down, down.reversed());
    }

    /** Attention for each level on the way down, and on the way up in the order it runs. */
    public UNetConfigBuilder attention(List<Boolean> down, List<Boolean> up) {
        downAttention = List.copyOf(down);
        upAttention = List.copyOf(up);
        return this;
    }

    /** Channels of one attention head; 0 for one head that has all. */
    public UNetConfigBuilder attentionHeadDim(int channels) {
        attentionHeadDim = positiveOrEmpty(channels);
        return this;
    }

    public UNetConfigBuilder normNumGroups(int groups) {
        normNumGroups = groups;
        return this;
    }

    /** Groups of the norm before the middle's attention; 0 for normNumGroups. */
    public UNetConfigBuilder attnNormNumGroups(int groups) {
        attnNormNumGroups = positiveOrEmpty(groups);
        return this;
    }

    public UNetConfigBuilder normEps(double eps) {
        normEps = eps;
        return this;
    }

    public UNetConfigBuilder downsamplePadding(int padding) {
        downsamplePadding = padding;
        return this;
    }

    public UNetConfigBuilder flipSinToCos(boolean flip) {
        flipSinToCos = flip;
        return this;
    }

    public UNetConfigBuilder freqShift(double shift) {
        freqShift = shift;
        return this;
    }

    /** 0 for 4 × the first level's width. */
    public UNetConfigBuilder timeEmbeddingDim(int dim) {
        timeEmbeddingDim = positiveOrEmpty(dim);
        return this;
    }

    /** Rows of the class table, the one for "no class" counted in; 0 for a model without classes. */
    public UNetConfigBuilder numClassEmbeds(int rows) {
        numClassEmbeds = positiveOrEmpty(rows);
        return this;
    }

    public UNetConfigBuilder dropout(double probability) {
        dropout = probability;
        return this;
    }

    public UNetConfigBuilder midBlock(boolean there) {
        midBlock = there;
        return this;
    }

    /** Attention in the middle block. */
    public UNetConfigBuilder addAttention(boolean there) {
        addAttention = there;
        return this;
    }

    /** How many times larger an image is than its low-resolution partner, each way; 0 for a model without partner. */
    public UNetConfigBuilder lowResFactor(int factor) {
        lowResFactor = positiveOrEmpty(factor);
        return this;
    }

    /** @throws IllegalArgumentException naming the first setting that cannot be */
    public UNetConfig build() {
        List<Boolean> none = Collections.nCopies(blockOutChannels.size(), false);
        return new UNetConfig(height, width, inChannels, outChannels, blockOutChannels, layersPerBlock,
                downAttention.isEmpty() ? none : downAttention, upAttention.isEmpty() ? none : upAttention, attentionHeadDim, normNumGroups,
                attnNormNumGroups, normEps, downsamplePadding, flipSinToCos, freqShift, timeEmbeddingDim, numClassEmbeds, dropout, midBlock,
                addAttention, lowResFactor);
    }

    /** A negative number stays and is refused by {@link #build}. */
    private static OptionalInt positiveOrEmpty(int value) {
        return value == 0 ? OptionalInt.empty() : OptionalInt.of(value);
    }
}
