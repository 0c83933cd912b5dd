package sirocco.sample;

import sirocco.api.Device;
import sirocco.api.Plan;
import sirocco.model.UNet;

/** The plan of a sampling step, to look at. */
public final class SamplePlan {
    private SamplePlan() { }

    /** @param guided with classifier-free guidance, which evaluates the model twice an image */
    public static Plan of(Device device, UNet model, int batch, int steps, boolean guided) {
        return device.plan(SampleGraph.of(model, batch, steps, false, guided).graph());
    }
}
