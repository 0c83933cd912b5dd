package sirocco.pipeline;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import sirocco.diffusion.SchedulerConfig;
import sirocco.folder.ClassLabels;
import sirocco.folder.ModelFolder;
import sirocco.io.AtomicFiles;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;

/**
 * A network that denoises images, or classifies noisy ones, with its weights, its scheduler's configuration and what is known about its classes.
 *
 * <p>What {@link #save} writes opens with {@code DDPMPipeline.from_pretrained}. A class-conditional model opens there too, but that pipeline passes no class to the
 * network: call {@code pipeline.unet} and {@code pipeline.scheduler} step by step. So does a model of the EDM process, since that pipeline does not scale the
 * network's input, and a network with a low-resolution partner, which the pipeline does not join to the image.
 *
 * @param weights weights of the network
 * @param schedulerJson text of the scheduler's configuration; empty if there is none
 */
public record DiffusionModel(Weights weights, Optional<String> schedulerJson, ClassLabels labels) {
    public DiffusionModel {
        labels.check("diffusion model", weights.config().classes());
    }

    public NetworkConfig config() {
        return weights.config();
    }

    /**
     * Reads a folder's network configuration only, and checks that the folder names no class beyond it.
     *
     * @param size size of the images if it is not the configuration's
     */
    public static NetworkConfig readConfig(ModelFolder folder, Optional<ImageSize> size) throws IOException {
        NetworkConfig config = Components.network(folder.network()).readConfig(folder.network(), size);
        folder.labels().check(folder.path().resolve(ModelFolder.INDEX).toString(), config.classes());
        return config;
    }

    /** Reads a whole model from a folder of any layout that {@link ModelFolder} knows. */
    public static DiffusionModel load(Path folder) throws IOException {
        return load(ModelFolder.open(folder), Optional.empty());
    }

    /**
     * Reads a whole model.
     *
     * @param size size of the images if it is not the configuration's; no weight depends on it
     * @throws IOException if a file is missing or malformed, or the weights are not those of the configuration
     * @throws IllegalArgumentException if the class of a component is not supported, or the configuration requests what is not
     * @throws sirocco.nn.NonFiniteException if a weight is NaN or infinite
     */
    public static DiffusionModel load(ModelFolder folder, Optional<ImageSize> size) throws IOException {
        NetworkConfig config = readConfig(folder, size);
        Components.refuseOthers(folder);
        folder.refuseUnknownKeys();
        return new DiffusionModel(Weights.in(folder.network(), config), folder.schedulerJson(), folder.labels());
    }

    /**
     * Writes or replaces a whole folder in one step; a failure leaves what was there before.
     *
     * @throws IOException if that fails, or the folder contains something else than a model
     * @throws sirocco.nn.NonFiniteException if a weight is NaN or infinite
     */
    public void save(Path folder) throws IOException {
        if (Files.isDirectory(folder) && !Files.exists(folder.resolve(ModelFolder.CONFIG)) && !Files.exists(folder.resolve(ModelFolder.INDEX))) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                if (files.iterator().hasNext()) {
                    throw new IOException(folder + ": the folder is not empty and holds no model, so it is not replaced. Choose another folder.");
                }
            }
        }
        AtomicFiles.writeFolder(folder, this::write);
    }

    /** Writes a model's files into a folder that exists, such as one that {@link AtomicFiles#writeFolder} is filling. */
    public void write(Path folder) throws IOException {
        Path network = ModelFolder.networkFolder(folder, config().component());
        Files.createDirectories(network);
        weights.write(network);
        Optional<String> scheduler = Optional.empty();
        if (schedulerJson.isPresent()) {
            scheduler = Optional.of(SchedulerConfig.className(schedulerJson.get()));
            AtomicFiles.writeText(ModelFolder.schedulerFile(folder), schedulerJson.get());
        }
        String pipeline = scheduler.filter("DDIMScheduler"::equals).isPresent() ? "DDIMPipeline"
                : config().classifies() ? config().className() : "DDPMPipeline";
        AtomicFiles.writeText(folder.resolve(ModelFolder.INDEX), ModelFolder.index(pipeline, config().component(), config().className(), scheduler, labels));
    }
}
