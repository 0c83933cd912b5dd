package sirocco.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;
import sirocco.api.Device;
import sirocco.data.Samples;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.ForwardProcess;
import sirocco.diffusion.Guide;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.SamplingMethod;
import sirocco.diffusion.SchedulerConfig;
import sirocco.diffusion.Solver;
import sirocco.folder.ModelFolder;
import sirocco.nn.ImageSize;
import sirocco.pipeline.DiffusionModel;
import sirocco.pipeline.OutputChannels;
import sirocco.sample.ClassifierGuide;
import sirocco.sample.ImageSampler;
import sirocco.train.TrainConfig;

/** How to walk from noise to an image. */
final class ChainOptions {
    /** What a model folder without a scheduler's configuration was trained with, as far as one can know. */
    private static final SchedulerConfig HO_2020 = new SchedulerConfig(
            new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 1000), Prediction.EPSILON), Solver.parse("ddpm-large"));

    /** The name of the sampler that comes with the model. */
    private static final String OWN = "own";

    private static final String ALL = "all";

    @Option(names = "--sampler", paramLabel = "NAME", description = "ddpm, ddpm-large, ddpm-learned (with the variance that the model predicts), ddim, dpm++1, dpm++2m, dpm++3m, "
            + "dpm++2m-sde, euler, euler-a, heun, rk45, with settings if any: ddim:eta=0.5,spacing=trailing,clip=none, euler:sigmas=karras, rk45:rtol=1e-5,atol=1e-5; or own: as the model's scheduler_config.json says; "
            + "default: ddim, or heun for a model of the EDM process")
    String name;

    @Option(names = "--steps", paramLabel = "N", description = "steps of a chain (heun evaluates the model twice a step); default: all for ddpm, 50 for ddim and euler, 25 for heun, 20 for dpm++; rk45 chooses its steps by the tolerances")
    Integer steps;

    @Option(names = "--seed", defaultValue = "0", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    long seed;

    @Option(names = "--class", paramLabel = "NAME|N|all",
            description = "class of the images, by name or number (a name has precedence), or all: one after the other; default: all")
    String imageClass;

    @Option(names = "--classes", split = ",", paramLabel = "NAME|N", description = "several classes, one after the other; info --model shows the names")
    List<String> imageClasses = List.of();

    @Option(names = "--guidance", defaultValue = "1", paramLabel = "X",
            description = "classifier-free guidance, for a model trained with label dropping; 1: none; default: ${DEFAULT-VALUE}")
    double guidance;

    @Option(names = "--classifier", paramLabel = "DIR", description = "a folder with a classifier of noisy images (train --objective classification), which steers "
            + "the images towards their class; the model may be unconditional")
    Path classifier;

    @Option(names = "--classifier-scale", paramLabel = "X", description = "strength of the classifier; default: 1")
    Double classifierScale;

    @Option(names = "--null-class", paramLabel = "NAME|N", description = "the class that stands for \"no class\" in guidance; default: as the model folder says")
    String nullClass;

    private GuidingClassifier loadedClassifier;

    /** Whether the process's fast solver samples if none is chosen. */
    private boolean fast;

    /** Good images in few steps: what is drawn along the way of other work. */
    static ChainOptions quick() {
        ChainOptions chain = new ChainOptions();
        chain.fast = true;
        chain.guidance = 1;
        return chain;
    }

    /** A sampler for this model, planned and not yet loaded. */
    ImageSampler sampler(Device device, DiffusionModel model, int batch) {
        SchedulerConfig scheduler = scheduler(model);
        return new ImageSampler(device, model.config().network(), method(scheduler), batch, guide(model, scheduler.process()));
    }

    private Guide guide(DiffusionModel model, ForwardProcess process) {
        Optional<Samples> negative = model.config().numClassEmbeds().isEmpty() ? Optional.empty()
                : nullClass(model).stream().mapToObj(c -> Samples.ofLabels(_ -> c)).findFirst();
        Guide guide = ClassifierFree.of(guidance, negative);
        return loadedClassifier == null ? guide : new ClassifierGuide(guide, loadedClassifier.checked(process, model), classifierScale == null ? 1 : classifierScale);
    }

    /**
     * Reads the classifier, if there is one.
     *
     * @param size size of the model's images
     * @throws IOException if the folder cannot be read
     * @throws IllegalArgumentException if it holds no classifier
     */
    void loadClassifier(ImageSize size) throws IOException {
        if (classifier != null) {
            loadedClassifier = GuidingClassifier.load(classifier, size);
        }
    }

    /** The model that knows the classes of the images: the classifier if the model is unconditional. */
    private DiffusionModel classes(DiffusionModel model) {
        return model.config().numClassEmbeds().isEmpty() && loadedClassifier != null ? loadedClassifier.model() : model;
    }

    /**
     * Checks that the folder says what the model was trained with.
     *
     * @return a warning; empty if it does
     * @throws IllegalArgumentException if the model's own sampler is requested and there is none
     */
    Optional<String> checkScheduler(DiffusionModel model) {
        if (model.schedulerJson().isPresent()) {
            return Optional.empty();
        }
        if (OWN.equals(name)) {
            throw new IllegalArgumentException("--sampler own: the model folder has no " + ModelFolder.SCHEDULER + ". Choose a sampler by name, or add the file.");
        }
        return Optional.of("warning: the model folder has no " + ModelFolder.SCHEDULER + "; a linear schedule of 1000 steps and a network that predicts noise are assumed "
                + "(Ho et al. 2020). If the images are wrong, add the file.");
    }

    private SchedulerConfig scheduler(DiffusionModel model) {
        SchedulerConfig scheduler = readScheduler(model);
        OutputChannels.check("the model's " + ModelFolder.SCHEDULER, model.config(), scheduler.process());
        return scheduler;
    }

    private SchedulerConfig readScheduler(DiffusionModel model) {
        checkScheduler(model);
        Optional<Solver> named = name == null || name.equals(OWN) ? Optional.empty() : Optional.of(Solver.parse(name));
        if (model.schedulerJson().isEmpty()) {
            return HO_2020.with(named.orElseGet(() -> solver(HO_2020.process())));
        }
        String json = model.schedulerJson().get();
        try {
            if (OWN.equals(name)) {
                return SchedulerConfig.parse(json);
            }
            SchedulerConfig trained = SchedulerConfig.parse(json, HO_2020.solver());
            return trained.with(named.orElseGet(() -> solver(trained.process())));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the model's " + ModelFolder.SCHEDULER + ": " + e.getMessage(), e);
        }
    }

    private Solver solver(ForwardProcess process) {
        return fast ? process.fastSolver() : process.defaultSolver();
    }

    private SamplingMethod method(SchedulerConfig diffusion) {
        return diffusion.solver().method(diffusion.process(), steps == null ? OptionalInt.empty() : OptionalInt.of(steps));
    }

    /**
     * Guidance steers away from what the model generates without a class, and a model that never learned that generates noise.
     *
     * @param training how the model was trained, if that is known
     * @throws IllegalArgumentException if the model has no null class, or it is not known which one it is
     */
    void checkGuidance(DiffusionModel model, Optional<TrainConfig> training) {
        if (classifier == null && classifierScale != null) {
            throw new IllegalArgumentException("--classifier-scale " + classifierScale + ": there is no classifier. Name one with --classifier, or leave the flag out.");
        }
        boolean classes = model.config().numClassEmbeds().isPresent();
        if (!classes && nullClass != null) {
            throw new IllegalArgumentException("--null-class " + nullClass + ": the model has no classes; leave the flag out");
        }
        if (guidance == 1) {
            return;
        }
        if (model.config().network().conditions().isEmpty()) {
            throw new IllegalArgumentException("--guidance " + guidance + ": the model is unconditional; leave guidance out");
        }
        if (training.isPresent() && training.get().objective().labelDrop() == 0) {
            throw new IllegalArgumentException("--guidance " + guidance + ": the model was trained with --label-drop 0, so it has not learned to draw "
                    + "without a condition, and guidance has nothing to steer away from; leave --guidance out, or train with --label-drop 0.1");
        }
        if (classes && nullClass(model).isEmpty()) {
            throw new IllegalArgumentException("--guidance " + guidance + ": the model folder does not say which class stands for \"no class\" (expected null_class in "
                    + ModelFolder.INDEX + "). If the model was trained with one, name it: --null-class N (often the last, "
                    + (model.config().numClassEmbeds().getAsInt() - 1) + "). Otherwise leave --guidance out.");
        }
    }

    private OptionalInt nullClass(DiffusionModel model) {
        if (nullClass == null) {
            return model.labels().nullClass();
        }
        return OptionalInt.of(find("--null-class", nullClass, model));
    }

    /** Returns whether a flag says what class the images have. */
    boolean choosesClass() {
        return imageClass != null || !imageClasses.isEmpty();
    }

    /** Returns the class of each image, by the image's number; 0 for an unconditional model. */
    Samples conditions(DiffusionModel model) {
        if (imageClass != null && !imageClasses.isEmpty()) {
            throw new IllegalArgumentException("--class and --classes exclude each other. Choose one.");
        }
        OptionalInt rows = classes(model).config().classes();
        boolean all = imageClasses.isEmpty() && (imageClass == null || imageClass.equals(ALL));
        if (rows.isEmpty()) {
            if (!all) {
                String flag = imageClass != null ? "--class " + imageClass : "--classes " + String.join(",", imageClasses);
                throw new IllegalArgumentException(flag + ": the model is unconditional; leave the flag out");
            }
            return Samples.ofLabels(_ -> 0);
        }
        int[] chosen = all ? classes(model).labels().pictured(rows.getAsInt()).stream().mapToInt(Integer::intValue).toArray()
                : imageClass != null ? new int[] {find("--class", imageClass, classes(model))}
                : imageClasses.stream().mapToInt(c -> find("--classes", c, classes(model))).toArray();
        if (chosen.length == 0) {
            throw new IllegalArgumentException("the model's only class is the null class; choose it with --class");
        }
        return Samples.ofLabels(i -> chosen[i % chosen.length]);
    }

    /** Returns the number of a class. */
    static int find(String flag, String name, DiffusionModel model) {
        OptionalInt rows = model.config().classes();
        if (rows.isEmpty()) {
            throw new IllegalArgumentException(flag + " " + name + ": the model is unconditional; leave the flag out");
        }
        try {
            return model.labels().find(name, rows.getAsInt());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(flag + " " + name + ": " + e.getMessage(), e);
        }
    }
}
