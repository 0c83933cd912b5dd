package sirocco.train;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.api.Device;
import sirocco.api.Plan;
import sirocco.data.Column;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.VarianceHead;
import sirocco.nn.ImageSize;
import sirocco.nn.Network;

/** The plan of a training step, to look at. */
public final class TrainPlan {
    private TrainPlan() { }

    /**
     * As a default configuration trains it, with batches that the host writes; a classifier is trained to classify, a network with twice the output channels to predict
     * a variance.
     */
    public static Plan of(Device device, Network model, int batch) {
        return device.plan(graph(model, batch).graph());
    }

    static TrainGraph graph(Network model, int batch) {
        TrainConfig c = TrainConfig.DEFAULT;
        boolean head = !model.config().classifies() && model.config().outChannels() == 2 * model.config().inChannels();
        var process = new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, c.process().timesteps()), Prediction.EPSILON,
                head ? Optional.of(VarianceHead.LEARNED_RANGE) : Optional.empty());
        ImageSize size = model.config().size();
        List<Column> columns = List.of(Column.image(size.height(), size.width(), model.config().inChannels()), Column.label());
        var task = new TrainGraph.Task(model, process, c.objective().withKind(model.config().classifies() ? "classification" : head ? "hybrid" : "simple").objective(process),
                c.objective().labelDrop(), c.data().flip());
        return TrainGraph.of(task, batch, columns, OptionalInt.empty(), OptionalInt.empty());
    }
}
