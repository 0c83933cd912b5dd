package sirocco.cuda;

import sirocco.api.Op;
import sirocco.api.Step;
import sirocco.testkit.OpCase;
import sirocco.testkit.Tolerance;

/** Tolerances where operands are rounded more coarsely than float32. */
final class Roundoff {
    /** Unit roundoffs: 8 bits of significand are stored, or 11 are multiplied. */
    static final double BF16 = 0x1p-8;
    static final double TF32 = 0x1p-11;

    private static final int ROUNDINGS = 12;

    private Roundoff() { }

    /**
     * Sums are float32's, so their length does not matter: operands and results are rounded, {@value #ROUNDINGS} times what one rounding
     * does at most, layers of a network included. What a norm of large numbers, or a softmax of large logits, makes of a rounding of float32, it makes
     * of a coarser one too; where that leaves no digit, a relative tolerance of 1 or more, there is nothing to compare.
     *
     * @param u unit roundoff
     * @param scale the size of other values that are compared alike
     */
    static Tolerance tolerance(OpCase c, Tolerance t, double u, double scale) {
        boolean amplifies = c.loss().isEmpty() && c.graph().steps().stream().map(Step::op).anyMatch(op -> op instanceof Op.GroupNorm
                || op instanceof Op.GroupNormBackward || op instanceof Op.Attention || op instanceof Op.AttentionBackward);
        double roundings = t.relative() / Tolerance.U;
        return new Tolerance(Math.max(1, amplifies ? roundings : Math.min(roundings, ROUNDINGS)) * u, Math.max(t.scale(), scale));
    }
}
