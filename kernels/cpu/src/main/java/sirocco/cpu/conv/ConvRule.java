package sirocco.cpu.conv;

import sirocco.cpu.Layout;

/**
 * Chooses a convolution's algorithm from its sizes, at plan time.
 *
 * @param mode what may be chosen from
 */
public record ConvRule(Mode mode) {
    /** AUTO: the rule; the others: that algorithm wherever it can do the job, implicit GEMM elsewhere. */
    public enum Mode { AUTO, WINOGRAD, GEMM }

    /** Tiles that Winograd takes through all channels at a time. */
    static final int BLOCK_TILES = 32;

    /** The three passes of a convolution. */
    public enum Pass { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS }

    /**
     * A choice and its reason, for the plan's dump.
     *
     * @param winograd Winograd's F(4×4,3×3) if true, implicit GEMM otherwise
     * @param why the reason, a phrase
     */
    public record Choice(boolean winograd, String why) { }

    /** The rule with the mode of the system property {@code sirocco.cpu.conv}: auto (as when absent), winograd or gemm. */
    public static ConvRule fromProperties() {
        String name = System.getProperty("sirocco.cpu.conv", "auto");
        for (Mode mode : Mode.values()) {
            if (mode.name().equalsIgnoreCase(name)) {
                return new ConvRule(mode);
            }
        }
        throw new IllegalArgumentException("sirocco.cpu.conv: expected auto, winograd or gemm, got \"" + name + "\"");
    }

    public Choice choose(ConvShape shape, Pass pass) {
        if (shape.r() != 3 || shape.s() != 3 || shape.stride() != 1) {
            return new Choice(false, "Winograd is for 3×3 of stride 1");
        }
        if (shape.c() < Layout.BLOCK || shape.k() < Layout.BLOCK) {
            return new Choice(false, "Winograd would mostly transform filled-up channels");
        }
        if (mode != Mode.AUTO) {
            return new Choice(mode == Mode.WINOGRAD, "asked for");
        }
        return new Choice(true, "2.25 to 4 times fewer multiplications");
    }
}
