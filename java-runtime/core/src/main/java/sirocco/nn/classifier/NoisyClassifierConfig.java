package sirocco.nn.classifier;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import sirocco.io.JsonFields;
import sirocco.nn.ImageSize;
import sirocco.nn.Network;
import sirocco.nn.NetworkConfig;
import sirocco.nn.unet.UNetConfig;

/**
 * The configuration of a {@link NoisyClassifier}. diffusers has no such class; the {@code config.json} has the keys of its U-Net as far as they apply,
 * {@code attention_levels} (counted from 0) and {@code num_classes}.
 *
 * @param encoder the way down of a U-Net and its middle; the rest of that configuration is not used
 * @param classCount number of classes, at least 2
 */
public record NoisyClassifierConfig(UNetConfig encoder, int classCount) implements NetworkConfig {
    static final String CLASS = "NoisyClassifier";

    public NoisyClassifierConfig {
        if (classCount < 2) {
            throw new IllegalArgumentException("num_classes: expected at least 2, got " + classCount + ". A classifier needs a dataset with classes.");
        }
        if (encoder.numClassEmbeds().isPresent()) {
            throw new IllegalArgumentException("num_class_embeds: a classifier is not conditioned on a class (expected none, got "
                    + encoder.numClassEmbeds().getAsInt() + ").");
        }
    }

    /** Returns a classifier for 16 × 16 color images of ten classes. */
    public static NoisyClassifierConfig small() {
        return new NoisyClassifierConfig(UNetConfig.small(), 10);
    }

    /**
     * Reads a {@code config.json}.
     *
     * @param wanted size of the images if it is not the file's
     * @throws IOException if the file cannot be read or is not JSON
     * @throws IllegalArgumentException naming file, key and value, if a value is not possible
     */
    static NoisyClassifierConfig read(Path file, Optional<ImageSize> wanted) throws IOException {
        JsonFields json = JsonFields.read(file);
        json.only("_class_name", CLASS, CLASS);
        UNetConfig base = UNetConfig.small();
        Optional<ImageSize> given = ImageSize.read(json, "sample_size");
        ImageSize size = wanted.or(() -> given).orElseThrow(() -> new IllegalArgumentException(file + ": sample_size is missing (expected the images' size)."));
        int[] widths = ints(json.integers("block_out_channels", base.blockOutChannels()));
        int[] attention = ints(json.integers("attention_levels", attentionLevels(base)));
        int channels = json.integer("in_channels", base.inChannels());
        int layers = json.integer("layers_per_block", base.layersPerBlock());
        OptionalInt headDim = json.optionalInteger("attention_head_dim", base.attentionHeadDim());
        int groups = json.integer("norm_num_groups", base.normNumGroups());
        double dropout = json.number("dropout", 0);
        int classes = json.integer("num_classes", small().classCount);
        json.refuseOthers();
        try {
            var builder = UNetConfig.builder().size(size.height(), size.width()).channels(channels).blockOutChannels(widths).layersPerBlock(layers)
                    .attentionAt(attention).normNumGroups(groups).dropout(dropout);
            headDim.ifPresent(builder::attentionHeadDim);
            return new NoisyClassifierConfig(builder.build(), classes);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private static int[] ints(List<Integer> all) {
        return all.stream().mapToInt(Integer::intValue).toArray();
    }

    private static List<Integer> attentionLevels(UNetConfig c) {
        return IntStream.range(0, c.blockOutChannels().size()).filter(i -> c.downAttention().get(i)).boxed().toList();
    }

    @Override
    public String toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("_class_name", CLASS);
        encoder.attentionHeadDim().ifPresent(d -> json.put("attention_head_dim", d));
        attentionLevels(encoder).forEach(json.putArray("attention_levels")::add);
        encoder.blockOutChannels().forEach(json.putArray("block_out_channels")::add);
        json.put("dropout", encoder.dropout());
        json.put("in_channels", encoder.inChannels());
        json.put("layers_per_block", encoder.layersPerBlock());
        json.put("norm_num_groups", encoder.normNumGroups());
        json.put("num_classes", classCount);
        json.putArray("sample_size").add(encoder.height()).add(encoder.width());
        return json.toPrettyString() + "\n";
    }

    @Override
    public String className() {
        return CLASS;
    }

    @Override
    public Network network() {
        return new NoisyClassifier(this);
    }

    @Override
    public ImageSize size() {
        return encoder.size();
    }

    @Override
    public int inChannels() {
        return encoder.inChannels();
    }

    @Override
    public int outChannels() {
        return classCount;
    }

    @Override
    public boolean classifies() {
        return true;
    }

    @Override
    public OptionalInt numClassEmbeds() {
        return OptionalInt.empty();
    }

    @Override
    public void checkSize(int height, int width) {
        encoder.checkSize(height, width);
    }

    @Override
    public NoisyClassifierConfig fitted(ImageSize size, int channels, int classes, boolean nullClass) {
        return new NoisyClassifierConfig(encoder.fitted(size, channels, 0, false), classes);
    }
}
