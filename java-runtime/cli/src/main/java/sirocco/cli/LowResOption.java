package sirocco.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;
import sirocco.data.DataException;
import sirocco.data.Dataset;
import sirocco.data.Datasets;
import sirocco.data.Samples;
import sirocco.folder.ClassLabels;
import sirocco.nn.LowResCondition;
import sirocco.nn.LowResSamples;
import sirocco.nn.NetworkConfig;
import sirocco.pipeline.DiffusionModel;

/** The low-resolution images that a model for super-resolution enlarges. */
final class LowResOption {
    private static final String FLAG = "--low-res";

    @Option(names = FLAG, paramLabel = "DATA", description = "for a model trained with --condition low-res:N: the images to enlarge, N x N pixels, as a PNG or JPEG file, a "
            + "folder or a ZIP, or any dataset of that size; image i enlarges number i, over and over")
    String low;

    /** Images to enlarge; none for a model that receives none. */
    static final class Partners implements AutoCloseable {
        private final Optional<Dataset> data;
        private final Optional<LowResSamples> images;

        private Partners(Optional<LowResCondition> condition, Optional<Dataset> data) {
            this.data = data;
            images = data.map(d -> LowResSamples.of(condition.orElseThrow(), d));
        }

        /** Returns how many there are; empty if there are none, or one for every number. */
        OptionalInt count() {
            return data.stream().filter(d -> d.size() != Samples.UNLIMITED).mapToInt(d -> Math.toIntExact(d.size())).findFirst();
        }

        /**
         * Returns the conditions of each image, by the image's number.
         *
         * @throws IllegalArgumentException if the model has classes and neither flags nor folders name those of the images
         */
        Samples conditions(DiffusionModel model, ChainOptions chain) {
            if (images.isEmpty()) {
                return chain.conditions(model);
            }
            boolean named = model.config().numClassEmbeds().isPresent() && !chain.choosesClass();
            return Samples.join(named ? labels(model.labels()) : chain.conditions(model), images.get());
        }

        /** The classes of the folders: a class that is not an image's own would contradict the image. */
        private Samples labels(ClassLabels model) {
            List<String> theirs = data.orElseThrow().classNames();
            Map<String, Integer> numbers = new HashMap<>();
            model.names().forEach((number, name) -> numbers.put(name, number));
            if (theirs.isEmpty() || !numbers.keySet().containsAll(theirs)) {
                throw new IllegalArgumentException(FLAG + " " + data.get().name() + ": the model has classes, and it is not known which ones the images have (expected "
                        + "folders with the names of the model's classes, got " + (theirs.isEmpty() ? "none" : String.join(", ", theirs))
                        + "). Name the class of all with --class, or of each with --classes.");
            }
            int[] labels = theirs.stream().mapToInt(numbers::get).toArray();
            return Samples.ofLabels(i -> labels[images.get().label(i)]);
        }

        @Override
        public void close() {
            data.ifPresent(Dataset::close);
        }
    }

    /**
     * Opens the images.
     *
     * @throws IllegalArgumentException if the model receives none and there are some, or the reverse, or they have another size than the model expects
     */
    Partners open(NetworkConfig config) {
        Optional<LowResCondition> condition = of(config);
        if (condition.isEmpty()) {
            if (low != null) {
                throw new IllegalArgumentException(FLAG + " " + low + ": the model receives no low-resolution images. Leave the flag out, or train a model with --condition "
                        + "low-res:N.");
            }
            return new Partners(condition, Optional.empty());
        }
        LowResCondition c = condition.get();
        String expected = c.size().width() + " x " + c.size().height() + " pixels with " + c.channels() + (c.channels() == 1 ? " channel" : " channels");
        if (low == null) {
            throw new IllegalArgumentException(FLAG + ": the model enlarges images and there are none (expected images of " + expected + "). Name a file, a folder or a "
                    + "ZIP with " + FLAG + " DATA.");
        }
        if (c.size().width() != c.size().height()) {
            throw new IllegalArgumentException(FLAG + " " + low + ": the model enlarges images of " + expected + " (expected a square). Choose another model.");
        }
        try {
            return new Partners(condition, Optional.of(Datasets.openExact(low, c.size().height(), c.channels())));
        } catch (DataException e) {
            throw new IllegalArgumentException(FLAG + " " + low + ": " + e.getMessage() + ". The model enlarges images of " + expected + ".", e);
        }
    }

    /** Returns the partner that a network receives; empty if none. */
    static Optional<LowResCondition> of(NetworkConfig config) {
        return config.network().conditions().stream().filter(LowResCondition.class::isInstance).map(LowResCondition.class::cast).findFirst();
    }
}
