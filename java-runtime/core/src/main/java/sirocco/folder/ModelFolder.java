package sirocco.folder;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import sirocco.io.AtomicFiles;
import sirocco.io.JsonFields;
import sirocco.io.MalformedFileException;

/**
 * A model folder as diffusers has them: which components it has, and where. Three layouts are read:
 * <ul>
 * <li>a pipeline: {@value #INDEX} names the components, each in a sub-folder of its name ({@code unet/}, {@code scheduler/});
 * <li>flat: the network's {@value #CONFIG} and weights, and {@value #SCHEDULER} beside them, with or without an index;
 * <li>one component's folder of a pipeline: the folder above it supplies scheduler and classes.
 * </ul>
 * A pipeline without an index, as training scripts leave it, is read too. Opening a folder reads the index and the configurations' class names, no weights.
 */
public final class ModelFolder {
    public static final String INDEX = "model_index.json";
    public static final String CONFIG = "config.json";
    public static final String SCHEDULER = "scheduler_config.json";

    /** A schedule of a million steps fits. */
    private static final int MAX_SCHEDULER_BYTES = 64 << 20;

    private static final String UNET = "unet";
    private static final String AVERAGED = "unet_ema";
    private static final String SCHEDULER_COMPONENT = "scheduler";

    /** Components that denoise or classify, in order of preference. */
    private static final List<String> NETWORKS = List.of(UNET, "transformer", "classifier");

    private final Path folder;
    private final Optional<ModelIndex> index;
    private final ComponentFolder network;
    private final Optional<ComponentFolder> scheduler;
    private final List<String> notices = new ArrayList<>();

    private ModelFolder(Path folder, Optional<ModelIndex> index, Path networkFolder, Optional<String> variant) throws IOException {
        this.folder = folder;
        this.index = index;
        String name = networkFolder.equals(folder) ? UNET : networkFolder.getFileName().toString();
        Path config = networkFolder.resolve(CONFIG);
        Optional<String> listed = index.map(i -> i.components().get(name));
        // The index decides, as in diffusers: published configurations of a class that was renamed keep the old name.
        String className = listed.isPresent() ? listed.get() : className(config);
        network = new ComponentFolder(name, config, className, variant);
        scheduler = findScheduler();
    }

    /**
     * Opens a folder.
     *
     * @throws IOException if it is no model folder, a component that its index names is missing, or a file is malformed
     */
    public static ModelFolder open(Path folder) throws IOException {
        return open(folder, Optional.empty());
    }

    /**
     * Opens a folder.
     *
     * @param variant which variant of the weights to read if there are several, such as {@code fp16}
     */
    public static ModelFolder open(Path folder, Optional<String> variant) throws IOException {
        AtomicFiles.recoverFolder(folder);
        if (!Links.isFolder(folder)) {
            throw new MalformedFileException(folder, "no such folder (expected a model folder with " + INDEX + " or " + CONFIG + ")");
        }
        if (Links.isFile(folder.resolve(INDEX))) {
            ModelIndex index = ModelIndex.read(folder.resolve(INDEX));
            return new ModelFolder(folder, Optional.of(index), listedNetwork(folder, index), variant);
        }
        if (Links.isFile(folder.resolve(CONFIG))) {
            Optional<Path> around = pipelineAround(folder);
            if (around.isPresent()) {
                Path above = around.get();
                Optional<ModelIndex> index = Links.isFile(above.resolve(INDEX)) ? Optional.of(ModelIndex.read(above.resolve(INDEX))) : Optional.empty();
                return new ModelFolder(above, index, folder.toAbsolutePath().normalize(), variant);
            }
            return new ModelFolder(folder, Optional.empty(), folder, variant);
        }
        return unlisted(folder, variant);
    }

    /** Returns the class that a network's configuration names; diffusers' first, UNet2DModel, if it names none. */
    public static String className(Path config) throws IOException {
        return JsonFields.read(config).text("_class_name").orElse("UNet2DModel");
    }

    /** Returns the folder of the whole model. It contains the one that was opened if that is a component's. */
    public Path path() {
        return folder;
    }

    /** Returns the network that denoises. */
    public ComponentFolder network() {
        return network;
    }

    /** Returns the scheduler; empty if the folder has none. */
    public Optional<ComponentFolder> scheduler() {
        return scheduler;
    }

    /** Returns the text of the scheduler's configuration. */
    public Optional<String> schedulerJson() throws IOException {
        return scheduler.isEmpty() ? Optional.empty() : Optional.of(JsonFields.read(scheduler.get().config(), MAX_SCHEDULER_BYTES).text());
    }

    /** Returns the classes of all components besides the network and the scheduler, by name. */
    public Map<String, String> others() {
        Map<String, String> others = new LinkedHashMap<>(index.map(ModelIndex::components).orElse(Map.of()));
        others.keySet().removeAll(List.of(network.name(), UNET, SCHEDULER_COMPONENT));
        return others;
    }

    /** Returns what the folder says about classes. */
    public ClassLabels labels() {
        return index.map(ModelIndex::labels).orElse(ClassLabels.NONE);
    }

    /** Refuses an index with keys that are neither components nor known. @throws IllegalArgumentException naming them */
    public void refuseUnknownKeys() {
        index.ifPresent(ModelIndex::refuseOthers);
    }

    /** Returns what was chosen among several possibilities, one sentence each, for the user. @throws IOException if there are no weights */
    public List<String> notices() throws IOException {
        List<String> all = new ArrayList<>(notices);
        WeightChoice choice = WeightChoice.of(network);
        if (choice.variant().isPresent() && network.variant().isEmpty()) {
            all.add(choice.file() + ": variant " + choice.variant().get() + " of the weights is read, the only one there is.");
        }
        return all;
    }

    /**
     * Returns the text of an index for a pipeline of a network and a scheduler in {@code scheduler/}.
     *
     * @param name what the network is called, which is also its sub-folder
     * @param network the network's class
     */
    public static String index(String pipeline, String name, String network, Optional<String> scheduler, ClassLabels labels) {
        Map<String, String> components = new LinkedHashMap<>();
        scheduler.ifPresent(s -> components.put(SCHEDULER_COMPONENT, s));
        components.put(name, network);
        return ModelIndex.write(pipeline, components, labels);
    }

    /** Returns where a pipeline's network is written. */
    public static Path networkFolder(Path folder, String name) {
        return folder.resolve(name);
    }

    /** Returns where a pipeline's scheduler configuration is written. */
    public static Path schedulerFile(Path folder) {
        return folder.resolve(SCHEDULER_COMPONENT).resolve(SCHEDULER);
    }

    private static Path listedNetwork(Path folder, ModelIndex index) throws IOException {
        String name = NETWORKS.stream().filter(index.components()::containsKey).findFirst().orElseThrow(() -> new MalformedFileException(folder.resolve(INDEX),
                "no network that denoises (expected one of the components " + NETWORKS + ", got " + index.components().keySet() + ")"));
        Path own = folder.resolve(name);
        if (Links.isFolder(own)) {
            if (!Links.isFile(own.resolve(CONFIG))) {
                throw missing(folder, name, index.components().get(name), own.resolve(CONFIG));
            }
            return own;
        }
        if (!Links.isFile(folder.resolve(CONFIG))) {
            throw missing(folder, name, index.components().get(name), own);
        }
        return folder;
    }

    private static MalformedFileException missing(Path folder, String name, String className, Path file) {
        return new MalformedFileException(folder.resolve(INDEX), "component " + name + " (" + className + ") is missing: there is no " + file
                + ". Copy or download it.");
    }

    /** Returns the folder of the pipeline that this folder is a component of. */
    private static Optional<Path> pipelineAround(Path folder) throws IOException {
        Path above = folder.toAbsolutePath().normalize().getParent();
        boolean component = above != null && !Links.isFile(folder.resolve(SCHEDULER)) && !Links.isFile(schedulerFile(folder))
                && (Links.isFile(above.resolve(INDEX)) || Links.isFile(schedulerFile(above)));
        return component ? Optional.of(above) : Optional.empty();
    }

    private static ModelFolder unlisted(Path folder, Optional<String> variant) throws IOException {
        Set<String> found = new TreeSet<>();
        for (String name : List.of(UNET, "transformer", AVERAGED)) {
            if (Links.isFile(folder.resolve(name).resolve(CONFIG))) {
                found.add(name);
            }
        }
        String chosen = NETWORKS.stream().filter(found::contains).findFirst().orElse(AVERAGED);
        if (found.isEmpty()) {
            throw new MalformedFileException(folder, "not a model folder: no " + INDEX + ", no " + CONFIG + ", and no " + UNET + "/" + CONFIG);
        }
        ModelFolder opened = new ModelFolder(folder, Optional.empty(), folder.resolve(chosen), variant);
        if (found.size() > 1) {
            found.remove(chosen);
            opened.notices.add(folder + ": " + chosen + "/ is read, " + String.join(" and ", found) + "/ is not. To read it, open that folder.");
        }
        return opened;
    }

    private Optional<ComponentFolder> findScheduler() throws IOException {
        Optional<String> listed = index.map(i -> i.components().get(SCHEDULER_COMPONENT));
        for (Path file : List.of(schedulerFile(folder), folder.resolve(SCHEDULER))) {
            if (Links.isFile(file)) {
                String className = JsonFields.read(file, MAX_SCHEDULER_BYTES).text("_class_name").orElse("DDPMScheduler");
                if (!className.equals(listed.orElse(className))) {
                    throw new MalformedFileException(file, "_class_name is " + className + " (expected " + listed.get() + ", as " + INDEX
                            + " says). Write the class that the model is to be sampled with into both.");
                }
                return Optional.of(new ComponentFolder(SCHEDULER_COMPONENT, file, className, Optional.empty()));
            }
        }
        if (listed.isPresent()) {
            throw missing(folder, SCHEDULER_COMPONENT, listed.get(), schedulerFile(folder));
        }
        return Optional.empty();
    }
}
