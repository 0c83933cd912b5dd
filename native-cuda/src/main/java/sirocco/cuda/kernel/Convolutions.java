package sirocco.cuda.kernel;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import sirocco.api.Convolution;
import sirocco.api.Op;
import sirocco.gpu.OpNames;

/** The three passes of a convolution, and their variants. */
final class Convolutions {
    private static final String FORWARD = OpNames.of(Convolution.Conv2d.class);
    private static final String BACKWARD_DATA = OpNames.of(Convolution.Conv2dBackwardData.class);
    private static final String BACKWARD_WEIGHTS = OpNames.of(Convolution.Conv2dBackwardWeights.class);

    private final Target target;
    private final KernelRule rule;
    private final List<Variant<Convolution.Conv2d>> forward;
    private final List<Variant<Convolution.Conv2dBackwardData>> backwardData;
    private final List<Variant<Convolution.Conv2dBackwardWeights>> backwardWeights;

    Convolutions(Target target, KernelRule rule, Sums sums) {
        this.target = target;
        this.rule = rule;
        forward = with(new Conv2dV1(), Conv2dGemm::new, Conv2dHopper::new);
        backwardData = with(new Conv2dBackwardDataV1(), Conv2dBackwardDataGemm::new, Conv2dBackwardDataHopper::new);
        backwardWeights = with(new Conv2dBackwardWeightsV1(sums), level -> new Conv2dBackwardWeightsGemm(level, sums),
                level -> new Conv2dBackwardWeightsHopper(level, sums));
    }

    /** All levels, best first; the simplest, which computes anything, ends those that the rule takes by itself. */
    private static <O extends Op> List<Variant<O>> with(Variant<O> simplest, Function<ImplicitGemm, Variant<O>> variant,
                                                        Function<HopperGemm, Variant<O>> hopper) {
        // No GPU has run level 5: behind v1 it is taken only where it is asked for. Once gpu-check has passed it on one, it goes to the front.
        return Stream.of(ImplicitGemm.levels().stream().map(variant), Stream.of(simplest), HopperGemm.levels().stream().map(hopper))
                .flatMap(all -> all).toList();
    }

    static Map<String, List<String>> variants() {
        List<String> levels = Variant.names(with(new Conv2dV1(), Conv2dGemm::new, Conv2dHopper::new)); // of every pass
        return Map.of(FORWARD, levels, BACKWARD_DATA, levels, BACKWARD_WEIGHTS, levels);
    }

    Kernel forward(Convolution.Conv2d op) {
        return rule.choose(FORWARD, forward, op, target);
    }

    Kernel backwardData(Convolution.Conv2dBackwardData op) {
        return rule.choose(BACKWARD_DATA, backwardData, op, target);
    }

    Kernel backwardWeights(Convolution.Conv2dBackwardWeights op) {
        return rule.choose(BACKWARD_WEIGHTS, backwardWeights, op, target);
    }
}
