package sirocco.testkit;

import java.util.ArrayList;
import java.util.List;

/** Every case: each op, forward and backward, over the shapes and settings where implementations go wrong, and small networks. */
public final class OpCases {
    private OpCases() { }

    public static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        ConvCases.addTo(cases);
        NormCases.addTo(cases);
        AttentionCases.addTo(cases);
        MoveCases.addTo(cases);
        PrimitiveCases.addTo(cases);
        ConditioningCases.addTo(cases);
        DiffusionCases.addTo(cases);
        OptimizerCases.addTo(cases);
        ChainCases.addTo(cases);
        NetworkCases.addTo(cases);
        return cases;
    }

    /** The cases with a loss, whose gradients finite differences can check: small ones. */
    public static List<OpCase> withGradients() {
        return all().stream().filter(c -> c.loss().isPresent()).toList();
    }
}
