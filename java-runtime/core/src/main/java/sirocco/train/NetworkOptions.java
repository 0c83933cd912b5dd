package sirocco.train;

import java.util.function.UnaryOperator;

/**
 * Which network is trained, and what it starts from. Section {@code network} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record NetworkOptions(
        @Setting("the network: small, cifar10, classifier, or a config.json to start from; own: that of the "
                + "folder to start from") String model,
        @Setting("model folder to start from (fine-tuning), which supplies network, noise schedule, prediction and "
                + "weights; empty: a new model") String from,
        @Setting("SHA-256 that the folder to start from must have, as run.json records it; empty: any") String fromHash,
        @Setting("when starting from a folder: a new class table for the dataset's classes in "
                + "place of the folder's") boolean newClasses,
        @Setting("train on the dataset's classes") boolean classConditional,
        @Setting("what else the network receives: none; low-res:N, the image averaged to N x N pixels, for super-resolution (Saharia et al. 2021); "
                + "own: what the network to start from receives, none for a built-in one") String condition,
        UNetOptions unet) {
    public NetworkOptions {
        SettingCheck.that(model != null, "network.model", model, "a name or a path");
        SettingCheck.that(from != null, "network.from", from, "a path, or nothing");
        NetworkCondition.check(condition);
        SettingCheck.that(fromHash != null && fromHash.matches("([0-9a-f]{64})?"), "network.fromHash", fromHash, "64 hexadecimal digits, or nothing");
    }

    public NetworkOptions withModel(String model) {
        return new NetworkOptions(model, from, fromHash, newClasses, classConditional, condition, unet);
    }

    public NetworkOptions withFrom(String from) {
        return new NetworkOptions(model, from, fromHash, newClasses, classConditional, condition, unet);
    }

    public NetworkOptions withFromHash(String fromHash) {
        return new NetworkOptions(model, from, fromHash, newClasses, classConditional, condition, unet);
    }

    public NetworkOptions withNewClasses(boolean newClasses) {
        return new NetworkOptions(model, from, fromHash, newClasses, classConditional, condition, unet);
    }

    public NetworkOptions withClassConditional(boolean classConditional) {
        return new NetworkOptions(model, from, fromHash, newClasses, classConditional, condition, unet);
    }

    public NetworkOptions withCondition(String condition) {
        return new NetworkOptions(model, from, fromHash, newClasses, classConditional, condition, unet);
    }

    public NetworkOptions withUnet(UnaryOperator<UNetOptions> change) {
        return new NetworkOptions(model, from, fromHash, newClasses, classConditional, condition, change.apply(unet));
    }
}
