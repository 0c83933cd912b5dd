package sirocco.diffusion;

import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.Value;

/**
 * The weighted squared error of the network's output, E[w(t)·‖out − target‖²]; with {@link Weighting#UNIFORM}, L_simple of Ho et al. 2020 (eq. 14).
 *
 * @param weighting w(t)
 */
public record DenoisingLoss(Weighting weighting) implements Objective {
    @Override
    public TrainingLoss record(TrainingStep step) {
        GraphBuilder g = step.graph();
        Noised noised = step.process().noise(step, weighting);
        Value out = step.evaluate(noised.input(), noised.time());
        return TrainingLoss.of(g.in("loss", () -> g.mseLoss(out, noised.target(), Optional.of(noised.weight()))));
    }
}
