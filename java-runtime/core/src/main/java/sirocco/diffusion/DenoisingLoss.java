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
    public void check(ForwardProcess process) {
        process.varianceHead().ifPresent(head -> {
            throw new IllegalArgumentException("the loss does not train the variance that the network predicts (expected objective.variance fixed, got "
                    + head.text() + "). Set objective.kind hybrid or vlb.");
        });
    }

    @Override
    public TrainingLoss record(TrainingStep step) {
        Noised noised = step.process().noise(step, weighting);
        return TrainingLoss.of(squaredError(step.graph(), noised, step.evaluate(noised.input(), noised.time())));
    }

    /** Records the weighted squared error of a prediction, F32 [1,1,1,1]. */
    static Value squaredError(GraphBuilder g, Noised noised, Value prediction) {
        return g.in("loss", () -> g.mseLoss(prediction, noised.target(), Optional.of(noised.weight())));
    }
}
