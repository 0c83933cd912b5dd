package sirocco.train;

import java.util.OptionalInt;
import sirocco.api.Device;
import sirocco.api.Plan;
import sirocco.model.UNet;

/** The plan of a training step, to look at. */
public final class TrainPlan {
    private TrainPlan() { }

    /** As a default configuration trains it, with batches that the host writes. */
    public static Plan of(Device device, UNet model, int batch) {
        TrainConfig c = TrainConfig.DEFAULT;
        return device.plan(TrainGraph.of(model, batch, c.process().timesteps(), c.data().flip(), c.objective().labelDrop(), OptionalInt.empty(),
                OptionalInt.empty()).graph());
    }
}
