package sirocco.train;

import java.util.List;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkConfig;
import sirocco.nn.unet.UNetConfig;
import sirocco.nn.unet.UNetConfigBuilder;

/**
 * Changes of a U-Net's configuration. Section {@code network.unet} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record UNetOptions(
        @Setting("channels of each level, overriding the model's") List<Integer> blockOutChannels,
        @Setting("residual blocks in a level, overriding the model's; 0: the model's") int layersPerBlock,
        @Setting("levels with self-attention, counted from 0, overriding the model's; -1: none; where the channels "
                + "are overridden, none is the default") List<Integer> attentionLevels,
        @Setting("channels of an attention head; 0: the model's") int headChannels,
        @Setting("groups of the normalization; 0: the model's") int normGroups,
        @Setting("dropout in residual blocks; -1: the model's") double dropout) {
    private static final List<Integer> NO_LEVEL = List.of(-1);

    public UNetOptions {
        blockOutChannels = blockOutChannels == null ? List.of() : List.copyOf(blockOutChannels);
        attentionLevels = attentionLevels == null ? List.of() : List.copyOf(attentionLevels);
        SettingCheck.that(blockOutChannels.stream().allMatch(c -> c > 0), "network.unet.blockOutChannels", blockOutChannels, "integers of at least 1");
        SettingCheck.that(layersPerBlock >= 0, "network.unet.layersPerBlock", layersPerBlock, "0 or more");
        SettingCheck.that(attentionLevels.equals(NO_LEVEL) || attentionLevels.stream().allMatch(l -> l >= 0), "network.unet.attentionLevels",
                attentionLevels, "levels from 0, or -1 alone");
        SettingCheck.that(headChannels >= 0, "network.unet.headChannels", headChannels, "0 or more");
        SettingCheck.that(normGroups >= 0, "network.unet.normGroups", normGroups, "0 or more");
        SettingCheck.that(dropout == -1 || dropout >= 0 && dropout < 1, "network.unet.dropout", dropout, "at least 0 and less than 1, or -1");
    }

    /**
     * Returns a network for a dataset, with the changes that are set.
     *
     * @param classes classes of the dataset; 0 to ignore them
     * @param nullClass whether a conditioned network also knows a null class
     * @throws IllegalArgumentException if a change is set and the network is no U-Net
     */
    NetworkConfig fitted(NetworkConfig base, ImageSize size, int channels, int classes, boolean nullClass) {
        if (!(base instanceof UNetConfig unet)) {
            refuseAll("the network is a " + base.className() + ", which has no such setting");
            SettingCheck.that(dropout < 0, "network.unet.dropout", dropout, "-1, since the network is a " + base.className());
            return base.fitted(size, channels, classes, nullClass);
        }
        UNetConfigBuilder b = unet.toBuilder();
        if (!blockOutChannels.isEmpty()) {
            b.blockOutChannels(blockOutChannels.stream().mapToInt(Integer::intValue).toArray());
        }
        if (!attentionLevels.isEmpty()) {
            b.attentionAt(attentionLevels.stream().mapToInt(Integer::intValue).filter(level -> level >= 0).toArray());
        }
        if (layersPerBlock > 0) {
            b.layersPerBlock(layersPerBlock);
        }
        if (headChannels > 0) {
            b.attentionHeadDim(headChannels);
        }
        if (normGroups > 0) {
            b.normNumGroups(normGroups);
        }
        if (dropout >= 0) {
            b.dropout(dropout);
        }
        return b.fitted(size, channels, classes, nullClass).build();
    }

    /**
     * Checks that no setting but dropout, which no weight depends on, is set.
     *
     * @param reason for the message
     */
    void refuseAll(String reason) {
        refuse(!blockOutChannels.isEmpty(), "blockOutChannels", blockOutChannels, reason);
        refuse(layersPerBlock > 0, "layersPerBlock", layersPerBlock, reason);
        refuse(!attentionLevels.isEmpty(), "attentionLevels", attentionLevels, reason);
        refuse(headChannels > 0, "headChannels", headChannels, reason);
        refuse(normGroups > 0, "normGroups", normGroups, reason);
    }

    private static void refuse(boolean set, String field, Object value, String reason) {
        if (set) {
            throw new IllegalArgumentException("network.unet." + field + ": " + reason + " (got " + value + "). Leave this setting out.");
        }
    }

    public UNetOptions withBlockOutChannels(List<Integer> blockOutChannels) {
        return new UNetOptions(blockOutChannels, layersPerBlock, attentionLevels, headChannels, normGroups, dropout);
    }

    public UNetOptions withLayersPerBlock(int layersPerBlock) {
        return new UNetOptions(blockOutChannels, layersPerBlock, attentionLevels, headChannels, normGroups, dropout);
    }

    public UNetOptions withAttentionLevels(List<Integer> attentionLevels) {
        return new UNetOptions(blockOutChannels, layersPerBlock, attentionLevels, headChannels, normGroups, dropout);
    }

    public UNetOptions withHeadChannels(int headChannels) {
        return new UNetOptions(blockOutChannels, layersPerBlock, attentionLevels, headChannels, normGroups, dropout);
    }

    public UNetOptions withNormGroups(int normGroups) {
        return new UNetOptions(blockOutChannels, layersPerBlock, attentionLevels, headChannels, normGroups, dropout);
    }

    public UNetOptions withDropout(double dropout) {
        return new UNetOptions(blockOutChannels, layersPerBlock, attentionLevels, headChannels, normGroups, dropout);
    }
}
