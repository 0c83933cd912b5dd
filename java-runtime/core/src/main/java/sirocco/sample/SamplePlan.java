package sirocco.sample;

import java.util.Optional;
import sirocco.api.Device;
import sirocco.api.Plan;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.ClassifierFree;
import sirocco.diffusion.Ddpm;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.Guide;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.TimestepSpacing;
import sirocco.nn.Network;

/** The plan of a DDPM sampling step. */
public final class SamplePlan {
    private static final int TIMESTEPS = 1000;

    private SamplePlan() { }

    /** @param guided with classifier-free guidance, which evaluates the model twice an image */
    public static Plan of(Device device, Network model, int batch, int steps, boolean guided) {
        NoiseSchedule schedule = NoiseSchedule.of(BetaSchedule.LINEAR, Math.max(steps, TIMESTEPS));
        Ddpm ddpm = new Ddpm(Ddpm.Variance.FIXED_SMALL, 1, TimestepSpacing.LEADING, 0);
        return device.plan(SampleGraph.of(model, batch, ddpm.program(new DiscreteProcess(schedule, Prediction.EPSILON), steps),
                guided ? new ClassifierFree(2, Optional.empty()) : Guide.NONE).graph());
    }
}
