package sirocco.diffusion;

import java.util.Map;
import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.Value;

/**
 * The variational bound L_vlb (Ho et al. 2020, eq. 5; Nichol &amp; Dhariwal 2021, eq. 4), of timesteps drawn uniformly. A network without variance head learns the
 * mean for a fixed variance.
 *
 * @param fixed the variance of a network without variance head, that of the sampler
 * @param weight factor of the bound in bits per dimension; 1/T gives the mean of the terms
 */
public record VariationalLoss(Ddpm.Variance fixed, double weight) implements Objective {
    @Override
    public void check(ForwardProcess process) {
        Outputs.discrete(process);
    }

    @Override
    public TrainingLoss record(TrainingStep step) {
        DiscreteProcess process = Outputs.discrete(step.process());
        DiscreteProcess.Drawn drawn = process.draw(step, Weighting.UNIFORM);
        return of(step.graph(), step.inputs(), process, drawn, step.evaluate(drawn.noised().input(), drawn.noised().time()));
    }

    /** Records the loss of an output of the network. */
    TrainingLoss of(GraphBuilder g, HostInputs inputs, DiscreteProcess process, DiscreteProcess.Drawn drawn, Value out) {
        Outputs outputs = process.varianceHead().isPresent() ? Outputs.split(g, out) : new Outputs(out, Optional.empty());
        Value bound = new VariationalBound(process, fixed).record(g, inputs, drawn, outputs.prediction(), outputs.variance());
        return new TrainingLoss(g.in("loss", () -> g.scale(bound, weight)), Map.of("vlb", bound));
    }
}
