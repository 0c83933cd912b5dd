package sirocco.diffusion;

import sirocco.api.GraphBuilder;
import sirocco.api.Value;
import sirocco.data.Column;

/** The cross-entropy of the class of a noisy image, −log p(y | x_t, t), at the times that the process draws (Dhariwal &amp; Nichol 2021, section 4). */
public record ClassificationLoss() implements Objective {
    @Override
    public TrainingLoss record(TrainingStep step) {
        GraphBuilder g = step.graph();
        Noised noised = step.process().noise(step, Weighting.UNIFORM);
        Value logits = step.evaluate(noised.input(), noised.time());
        return TrainingLoss.of(g.in("loss", () -> g.crossEntropy(logits, step.column(Column.LABEL))));
    }

    @Override
    public boolean classifies() {
        return true;
    }
}
