package sirocco.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The settings of {@link DiscreteProcess} in the scheduler configurations of diffusers: a list of β and what the network predicts. */
final class DiscreteProcessKind implements ForwardProcess.Kind {
    /** Defaults of a class for β and its schedule. */
    private record Defaults(double betaStart, double betaEnd) { }

    private static final Defaults DDPM = new Defaults(NoiseSchedule.BETA_START, NoiseSchedule.BETA_END);
    private static final Defaults KARRAS = new Defaults(0.00085, 0.012);

    /** Classes whose schedule and prediction are supported. Their default schedule is linear. */
    private static final Map<String, Defaults> CLASSES = Map.ofEntries(
            Map.entry("DDPMScheduler", DDPM), Map.entry("DDPMParallelScheduler", DDPM), Map.entry("DDIMScheduler", DDPM), Map.entry("DDIMParallelScheduler", DDPM),
            Map.entry("DDIMInverseScheduler", DDPM), Map.entry("PNDMScheduler", DDPM), Map.entry("LMSDiscreteScheduler", DDPM),
            Map.entry("EulerDiscreteScheduler", DDPM), Map.entry("EulerAncestralDiscreteScheduler", DDPM), Map.entry("DPMSolverMultistepScheduler", DDPM),
            Map.entry("DPMSolverMultistepInverseScheduler", DDPM), Map.entry("DPMSolverSinglestepScheduler", DDPM), Map.entry("DEISMultistepScheduler", DDPM),
            Map.entry("UniPCMultistepScheduler", DDPM), Map.entry("SASolverScheduler", DDPM), Map.entry("HeunDiscreteScheduler", KARRAS),
            Map.entry("KDPM2DiscreteScheduler", KARRAS), Map.entry("KDPM2AncestralDiscreteScheduler", KARRAS));

    @Override
    public Set<String> classNames() {
        return CLASSES.keySet();
    }

    @Override
    public ForwardProcess read(SchedulerSettings settings, String className) {
        return new DiscreteProcess(schedule(settings, CLASSES.get(className)), prediction(settings), VarianceHead.parse(settings.text("variance_type", "fixed_small")));
    }

    @Override
    public Solver solver(SchedulerSettings settings, String className) {
        return Solvers.ofClass(className).orElseThrow(() -> new IllegalArgumentException("_class_name: the sampler of " + className
                + " is not supported (expected one of " + Solvers.classNames()
                + "). Choose a sampler by name; schedule and prediction are read from this configuration all the same.")).read(settings);
    }

    /** Until diffusers 0.10 a flag said whether the network predicts ε or x₀. */
    private static Prediction prediction(SchedulerSettings s) {
        Prediction prediction = Prediction.parse(s.text("prediction_type", s.flag("predict_epsilon", true) ? "epsilon" : "sample"));
        if (s.has("predict_epsilon") && s.flag("predict_epsilon", true) != (prediction == Prediction.EPSILON)) {
            throw new IllegalArgumentException("prediction_type is " + prediction.text() + ", but predict_epsilon is " + s.flag("predict_epsilon", true)
                    + ". Remove the one that is wrong.");
        }
        return prediction;
    }

    private static NoiseSchedule schedule(SchedulerSettings s, Defaults defaults) {
        // Flow matching is another process, and continuous timesteps are another input of the network, whatever the list of β.
        s.require("use_flow_sigmas", false);
        String timesteps = s.text("timestep_type", "discrete");
        if (!timesteps.equals("discrete")) {
            throw new IllegalArgumentException("timestep_type: " + timesteps + " is not supported (expected discrete)");
        }
        int T = s.integer("num_train_timesteps", s.integer("timesteps", 1000));
        Optional<double[]> trained = s.numbers("trained_betas");
        double start = s.number("beta_start", defaults.betaStart());
        double end = s.number("beta_end", defaults.betaEnd());
        BetaSchedule kind = BetaSchedule.parse(s.text("beta_schedule", "linear"));
        if (trained.isPresent() && trained.get().length != T) {
            throw new IllegalArgumentException("trained_betas: " + trained.get().length + " values, but num_train_timesteps is " + T);
        }
        NoiseSchedule schedule = trained.map(NoiseSchedule::ofBetas).orElseGet(() -> NoiseSchedule.of(kind, start, end, T));
        return s.flag("rescale_betas_zero_snr", false) ? schedule.withZeroTerminalSnr() : schedule;
    }

    /** Writes the settings. A schedule that the class of diffusers lacks is written as its list of β. */
    static void write(DiscreteProcess process, ObjectNode o) {
        NoiseSchedule schedule = process.schedule();
        o.put("num_train_timesteps", schedule.T());
        o.put("beta_start", schedule.betaStart());
        o.put("beta_end", schedule.betaEnd());
        putSchedule(o, schedule);
        o.put("rescale_betas_zero_snr", schedule.zeroTerminalSnr());
        o.put("prediction_type", process.output().text());
        process.varianceHead().ifPresent(head -> o.put("variance_type", head.text()));
    }

    private static void putSchedule(ObjectNode o, NoiseSchedule schedule) {
        BetaSchedule kind = schedule.kind().orElse(null);
        switch (kind) {
            case LINEAR, SCALED_LINEAR, COSINE -> o.put("beta_schedule", kind.text());
            case QUADRATIC -> o.put("beta_schedule", BetaSchedule.SCALED_LINEAR.text());
            case SIGMOID, LOGARITHMIC -> putBetas(o, schedule);
            case null -> putBetas(o, schedule);
        }
    }

    private static void putBetas(ObjectNode o, NoiseSchedule schedule) {
        o.put("beta_schedule", BetaSchedule.LINEAR.text());
        var betas = o.putArray("trained_betas");
        for (double beta : schedule.configuredBetas()) {
            betas.add(beta);
        }
    }
}
