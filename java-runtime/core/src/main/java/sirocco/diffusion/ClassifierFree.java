package sirocco.diffusion;

import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.data.Samples;

/**
 * Classifier-free guidance (Ho &amp; Salimans 2022, eq. 6): u + scale·(c − u), c the output with an image's condition and u that with the null condition.
 *
 * @param scale 1 + w in the paper; 1 is the conditional output
 * @param negative what to steer away from instead of the null condition; empty for the null condition
 */
public record ClassifierFree(double scale, Optional<Samples> negative) implements Guide {
    /**
     * Returns classifier-free guidance, or no guide for scale 1, at which u does not matter.
     *
     * @throws IllegalArgumentException if the scale is not a finite number in single precision
     */
    public static Guide of(double scale, Optional<Samples> negative) {
        return scale == 1 ? Guide.NONE : new ClassifierFree(scale, negative);
    }

    public ClassifierFree {
        if (!Float.isFinite((float) scale)) {
            throw new IllegalArgumentException("guidance: expected a finite number of float32, got " + scale);
        }
    }

    @Override
    public List<Conditioned> evaluations() {
        return List.of(Conditioned.GIVEN, negative.map(Conditioned::on).orElse(Conditioned.NULL));
    }

    @Override
    public Value record(Step step, Value x, Value t, BinaryOperator<Value> network) {
        GraphBuilder g = step.graph();
        Value factor = step.inputs().table(g, "guidance", Shape.SCALAR, new float[] {(float) scale});
        Value both = network.apply(g.in("guidance.repeat", () -> g.repeat(x)), t);
        return g.in("guidance", () -> g.guidance(both, factor));
    }
}
