package sirocco.cli;

import java.util.Optional;
import java.util.function.IntUnaryOperator;
import picocli.CommandLine.Option;
import sirocco.api.Device;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.SchedulerConfig;
import sirocco.diffusion.Solver;
import sirocco.diffusion.SolverProgram;
import sirocco.model.DiffusersFolder;
import sirocco.model.UNet;
import sirocco.model.UNetConfig;
import sirocco.sample.ImageSampler;
import sirocco.train.TrainConfig;

/** How to walk from noise to an image. */
final class ChainOptions {
    /** What a model folder without a scheduler's configuration was trained with, as far as one can know. */
    private static final SchedulerConfig HO_2020 = new SchedulerConfig(NoiseSchedule.of(BetaSchedule.LINEAR, 1000), Prediction.EPSILON,
            Solver.parse("ddpm-large"));

    /** The name of the sampler that comes with the model. */
    private static final String OWN = "own";

    @Option(names = "--sampler", defaultValue = "ddim", paramLabel = "NAME", description = "ddpm, ddpm-large, ddim, dpm++1, dpm++2m, dpm++3m, "
            + "dpm++2m-sde, euler, euler-a, heun, with settings if any: ddim:eta=0.5,spacing=trailing,clip=none, euler:sigmas=karras; or own: as the model's scheduler_config.json says; "
            + "default: ${DEFAULT-VALUE}")
    String name;

    @Option(names = "--steps", paramLabel = "N", description = "steps of a chain (heun evaluates the model twice a step); default: all for ddpm, 50 for ddim and euler, 25 for heun, 20 for dpm++")
    Integer steps;

    @Option(names = "--seed", defaultValue = "0", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
    long seed;

    @Option(names = "--class", defaultValue = "all", paramLabel = "N|all",
            description = "class of the images by number, or all: one after the other; default: ${DEFAULT-VALUE}")
    String imageClass;

    @Option(names = "--guidance", defaultValue = "1", paramLabel = "X",
            description = "classifier-free guidance, for a model trained with label dropping; 1: none; default: ${DEFAULT-VALUE}")
    double guidance;

    /** Good images in few steps: what is drawn along the way of other work. */
    static ChainOptions quick() {
        ChainOptions chain = new ChainOptions();
        chain.name = "dpm++2m";
        chain.imageClass = "all";
        chain.guidance = 1;
        return chain;
    }

    /** A sampler for this model, planned and not yet loaded. */
    ImageSampler sampler(Device device, DiffusersFolder model, int batch) {
        return new ImageSampler(device, new UNet(model.config()), program(model.schedulerJson().map(ChainOptions::parsed).orElse(HO_2020)), batch, guidance);
    }

    private static SchedulerConfig parsed(String json) {
        try {
            return SchedulerConfig.parse(json);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the model's " + SchedulerConfig.FILE + ": " + e.getMessage(), e);
        }
    }

    private SolverProgram program(SchedulerConfig diffusion) {
        Solver solver = name.equals(OWN) ? diffusion.solver() : Solver.parse(name);
        return solver.program(diffusion.schedule(), diffusion.prediction(), steps == null ? solver.usualSteps(diffusion.schedule().T()) : steps);
    }

    /**
     * Guidance steers away from what the model draws without a class, and a model that never learned that draws noise.
     *
     * @param training how the model was trained, where that is known
     * @return a warning; empty if there is nothing to warn of
     * @throws IllegalArgumentException if the model is known to have learned no null class
     */
    Optional<String> checkGuidance(UNetConfig config, Optional<TrainConfig> training) {
        if (guidance == 1 || config.numClassEmbeds().isEmpty()) {
            return Optional.empty();
        }
        if (training.isPresent() && training.get().objective().labelDrop() == 0) {
            throw new IllegalArgumentException("--guidance " + guidance + ": the model was trained with --label-drop 0, so it has not learned to draw "
                    + "without a class, and guidance has nothing to steer away from; leave --guidance out, or train with --label-drop 0.1");
        }
        return training.isPresent() ? Optional.empty() : Optional.of("warning: --guidance " + guidance + " takes class "
                + (config.numClassEmbeds().getAsInt() - 1) + ", the model's last, for \"no class\", and nothing here tells whether it was trained as such "
                + "(label dropping); if the images are noisy or all wrong, leave --guidance out");
    }

    /** The class of each image, by its number. */
    IntUnaryOperator labels(UNetConfig config) {
        if (config.numClassEmbeds().isEmpty()) {
            if (!imageClass.equals("all")) {
                throw new IllegalArgumentException("--class " + imageClass + ": the model is unconditional; leave the flag out");
            }
            return i -> 0;
        }
        int rows = config.numClassEmbeds().getAsInt();
        if (imageClass.equals("all")) {
            // The last row of our models is the null class, which is no picture's.
            int classes = Math.max(1, rows - 1);
            return i -> i % classes;
        }
        int chosen;
        try {
            chosen = Integer.parseInt(imageClass);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--class " + imageClass + ": expected a number or all", e);
        }
        if (chosen < 0 || chosen >= rows) {
            throw new IllegalArgumentException("--class " + chosen + ": the model knows 0 to " + (rows - 1));
        }
        return i -> chosen;
    }
}
