package sirocco.model;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import sirocco.io.AtomicFiles;

/**
 * A model as diffusers keeps it: a folder of {@value #CONFIG}, {@value #WEIGHTS} and, beside them, {@value #SCHEDULER}. A pipeline's
 * folder, with the same in {@code unet/} and {@code scheduler/}, is read too.
 *
 * <p>What is written here opens with {@code UNet2DModel.from_pretrained}, {@code DDPMScheduler.from_pretrained}, and, for a model without
 * classes, {@code DDPMPipeline.from_pretrained}.
 *
 * @param schedulerJson the text of {@value #SCHEDULER}, where there is one
 */
public record DiffusersFolder(Weights weights, Optional<String> schedulerJson) {
    public static final String CONFIG = "config.json";
    public static final String SCHEDULER = "scheduler_config.json";
    public static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
    public static final String INDEX = "model_index.json";

    public UNetConfig config() {
        return weights.config();
    }

    /** A folder's configuration alone: quick, whatever the size of the weights. */
    public static UNetConfig readConfig(Path folder) throws IOException {
        return readConfig(folder, Optional.empty());
    }

    /** The same for images of another size than the configuration's. */
    public static UNetConfig readConfig(Path folder, Optional<ImageSize> size) throws IOException {
        return UNetConfig.read(modelFolder(folder).resolve(CONFIG), size);
    }

    /**
     * Reads a whole model.
     *
     * @throws IOException if a file is missing or malformed, or its tensors are not the configuration's: all that are missing, not
     *     expected, or of another shape are named at once
     * @throws IllegalArgumentException if the configuration asks for what is not supported
     * @throws NonFiniteException if a weight is NaN or infinite
     */
    public static DiffusersFolder load(Path folder) throws IOException {
        return load(folder, Optional.empty());
    }

    /** The same for images of another size than the configuration's: no weight depends on it. */
    public static DiffusersFolder load(Path folder, Optional<ImageSize> size) throws IOException {
        Path model = modelFolder(folder);
        UNetConfig config = UNetConfig.read(model.resolve(CONFIG), size);
        return new DiffusersFolder(WeightsFile.read(model.resolve(WEIGHTS), config), readScheduler(folder));
    }

    /** The text of the scheduler's configuration, in the folder or its {@code scheduler/}. */
    public static Optional<String> readScheduler(Path folder) throws IOException {
        for (Path file : new Path[] {folder.resolve(SCHEDULER), folder.resolve("scheduler").resolve(SCHEDULER)}) {
            if (Files.isRegularFile(file)) {
                return Optional.of(JsonFields.read(file).text());
            }
        }
        return Optional.empty();
    }

    /**
     * Writes or replaces a whole folder in one step; a failure leaves what was there before.
     *
     * @throws IOException if that fails, or the folder holds something else than a model
     * @throws NonFiniteException if a weight is NaN or infinite
     */
    public void save(Path folder) throws IOException {
        if (Files.isDirectory(folder) && !Files.exists(folder.resolve(CONFIG))) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                if (files.iterator().hasNext()) {
                    throw new IOException(folder + ": the folder is not empty and holds no model, so it is not replaced; choose another");
                }
            }
        }
        AtomicFiles.writeFolder(folder, this::write);
    }

    /** Writes a model's files into a folder that is there, such as one that {@link AtomicFiles#writeFolder} is filling. */
    public void write(Path folder) throws IOException {
        weights.requireFinite();
        AtomicFiles.writeText(folder.resolve(CONFIG), config().toJson());
        if (schedulerJson.isPresent()) {
            AtomicFiles.writeText(folder.resolve(SCHEDULER), schedulerJson.get());
            if (config().numClassEmbeds().isEmpty()) {
                AtomicFiles.writeText(folder.resolve(INDEX), index());
            }
        }
        WeightsFile.write(folder.resolve(WEIGHTS), weights);
    }

    /** Where the model itself lies: the folder, or a pipeline's {@code unet/}. */
    private static Path modelFolder(Path folder) throws IOException {
        AtomicFiles.recoverFolder(folder);
        if (!Files.isDirectory(folder)) {
            throw new IOException(folder + ": no such folder; expected a model folder with " + CONFIG + " and " + WEIGHTS);
        }
        Path inPipeline = folder.resolve("unet");
        Path model = !Files.exists(folder.resolve(CONFIG)) && Files.exists(inPipeline.resolve(CONFIG)) ? inPipeline : folder;
        if (!Files.isRegularFile(model.resolve(CONFIG))) {
            throw new IOException(folder + ": no " + CONFIG + " here or in unet/, so this is not a model folder");
        }
        return model;
    }

    /** The pipeline without which diffusers' own example of use would not find its parts; they lie beside it. */
    private static String index() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("_class_name", "DDPMPipeline");
        json.putArray("scheduler").add("diffusers").add("DDPMScheduler");
        json.putArray("unet").add("diffusers").add("UNet2DModel");
        return json.toPrettyString() + "\n";
    }
}
