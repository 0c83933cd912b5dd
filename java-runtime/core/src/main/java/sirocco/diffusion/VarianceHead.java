package sirocco.diffusion;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import sirocco.api.BinaryFunction;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;

/**
 * What the second half of a network's output channels, v, says about the variance σ² of p(x_s | x_t), for each element of an image. The first half is the
 * prediction. {@code low} is the logarithm of the posterior's variance β̃ and {@code high} = low + range that of β, the two extremes of Ho et al. 2020, section 3.2.
 */
public enum VarianceHead {
    /** log σ² = low + (v + 1)/2·range (Nichol &amp; Dhariwal 2021, eq. 15); v is not limited to [−1, 1]. */
    LEARNED_RANGE("learned_range"),
    /** log σ² = v. diffusers has no name for it, and refuses a model with this one. */
    LEARNED_LOG("learned_log"),
    /** σ² = v, as diffusers reads its name; less than {@value #SMALLEST} counts as that. */
    LEARNED("learned");

    /** The smallest variance that has a logarithm here, as in diffusers. */
    static final double SMALLEST = 1e-20;

    /** Names of {@code variance_type} for networks without such a head. The logarithmic ones store a logarithm and mean the same number. */
    private static final Set<String> FIXED = Set.of("fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log");

    private final String text;

    VarianceHead(String text) {
        this.text = text;
    }

    /** Returns the name in scheduler configurations, {@code variance_type}. */
    public String text() {
        return text;
    }

    /**
     * Returns the head of a {@code variance_type}; empty if the variance is fixed.
     *
     * @throws IllegalArgumentException if there is no such type
     */
    static Optional<VarianceHead> parse(String text) {
        Optional<VarianceHead> head = Arrays.stream(values()).filter(h -> h.text.equals(text)).findFirst();
        if (head.isEmpty() && !FIXED.contains(text)) {
            throw new IllegalArgumentException("variance_type: " + text + " is not supported (expected fixed_small, fixed_large, "
                    + Arrays.stream(values()).map(VarianceHead::text).collect(Collectors.joining(", ")) + "). Correct the scheduler's configuration.");
        }
        return head;
    }

    /** Returns log σ² − low. */
    double above(double v, double low, double range) {
        return switch (this) {
            case LEARNED_RANGE -> (v + 1) / 2 * range;
            case LEARNED_LOG -> v - low;
            case LEARNED -> Math.log(Math.max(v, SMALLEST)) - low;
        };
    }

    /**
     * Records log σ² − low.
     *
     * @param v F32 [n,h,w,c]
     * @param low F32 [n,1,1,1], or [1,1,1,1] for all images; {@code range} alike
     */
    public Value above(GraphBuilder g, Value v, Value low, Value range) {
        return switch (this) {
            case LEARNED_RANGE -> g.multiply(g.affine(v, 0.5, 0.5), range);
            case LEARNED_LOG -> g.subtract(v, low);
            case LEARNED -> g.subtract(g.unary(g.binary(v, g.constant(SMALLEST, Shape.SCALAR),
                    BinaryFunction.MAXIMUM), UnaryFunction.LOG), low);
        };
    }
}
