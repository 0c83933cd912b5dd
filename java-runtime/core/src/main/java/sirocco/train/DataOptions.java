package sirocco.train;

/**
 * What a run is trained on. Section {@code data} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record DataOptions(
        @Setting(value = "dataset: shapes16, shapes32, or a path (CIFAR-10 binary, MNIST IDX, a "
                + "folder or ZIP of images)", flat = "data") String source,
        @Setting("image size in pixels; 0: the dataset's own, or that of the folder to start from") int imageSize,
        @Setting("color channels, 1 or 3; 0: the dataset's own, or those of the folder to start from") int channels,
        @Setting("flip images at random, left to right") boolean flip,
        @Setting("images in a step") int batch,
        @Setting("images in a reverse pass, a divisor of the batch: gradients accumulate over micro-batches, in less "
                + "memory; 0: the whole batch") int microBatch) {
    public DataOptions {
        SettingCheck.that(source != null && !source.isBlank(), "data.source", source, "the name or path of a dataset");
        SettingCheck.that(imageSize >= 0 && imageSize <= 4096, "data.imageSize", imageSize, "0 to 4096");
        SettingCheck.that(channels == 0 || channels == 1 || channels == 3, "data.channels", channels, "0, 1 or 3");
        SettingCheck.that(batch >= 1 && batch <= 65536, "data.batch", batch, "1 to 65536");
        SettingCheck.that(microBatch >= 0, "data.microBatch", microBatch, "0 or more");
    }

    public DataOptions withSource(String source) {
        return new DataOptions(source, imageSize, channels, flip, batch, microBatch);
    }

    public DataOptions withImageSize(int imageSize) {
        return new DataOptions(source, imageSize, channels, flip, batch, microBatch);
    }

    public DataOptions withChannels(int channels) {
        return new DataOptions(source, imageSize, channels, flip, batch, microBatch);
    }

    public DataOptions withFlip(boolean flip) {
        return new DataOptions(source, imageSize, channels, flip, batch, microBatch);
    }

    public DataOptions withBatch(int batch) {
        return new DataOptions(source, imageSize, channels, flip, batch, microBatch);
    }

    public DataOptions withMicroBatch(int microBatch) {
        return new DataOptions(source, imageSize, channels, flip, batch, microBatch);
    }
}
