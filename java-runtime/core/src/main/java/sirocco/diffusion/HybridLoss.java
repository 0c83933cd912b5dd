package sirocco.diffusion;

import java.util.LinkedHashMap;
import java.util.Map;
import sirocco.api.GraphBuilder;
import sirocco.api.Value;

/**
 * L_hybrid = L_simple + λ·L_vlb (Nichol &amp; Dhariwal 2021, eq. 16): the mean learns from L_simple, the variance from the bound, in which the mean is a constant.
 *
 * @param weighting of L_simple
 * @param weight λ, factor of the bound in bits per dimension; 1/T gives the mean of its terms
 */
public record HybridLoss(Weighting weighting, double weight) implements Objective {
    @Override
    public void check(ForwardProcess process) {
        if (Outputs.discrete(process).varianceHead().isEmpty()) {
            throw new IllegalArgumentException("the loss trains a variance, and that of the network is fixed (expected objective.variance learned_range or learned, got "
                    + "fixed). Set objective.variance, or objective.kind simple.");
        }
    }

    @Override
    public TrainingLoss record(TrainingStep step) {
        DiscreteProcess process = Outputs.discrete(step.process());
        DiscreteProcess.Drawn drawn = process.draw(step, weighting);
        return of(step.graph(), step.inputs(), process, drawn, step.evaluate(drawn.noised().input(), drawn.noised().time()));
    }

    /** Records the loss of an output of the network. */
    TrainingLoss of(GraphBuilder g, HostInputs inputs, DiscreteProcess process, DiscreteProcess.Drawn drawn, Value output) {
        Outputs out = Outputs.split(g, output);
        Value simple = g.in("simple", () -> DenoisingLoss.squaredError(g, drawn.noised(), out.prediction()));
        Value bound = new VariationalBound(process, Ddpm.Variance.LEARNED).record(g, inputs, drawn, g.stopGradient(out.prediction()), out.variance());
        Map<String, Value> parts = new LinkedHashMap<>();
        parts.put("simple", simple);
        parts.put("vlb", bound);
        return new TrainingLoss(g.in("loss", () -> g.add(simple, g.scale(bound, weight))), parts);
    }
}
