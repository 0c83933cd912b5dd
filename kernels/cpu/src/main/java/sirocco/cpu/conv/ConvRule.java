package sirocco.cpu.conv;

import java.util.Locale;
import sirocco.cpu.Layout;

/**
 * Chooses a convolution's algorithm from its sizes, at plan time.
 *
 * <p>Winograd's F(4×4,3×3) takes 36 multiplications for 16 outputs where the definition takes 144, but its transforms cost some of that,
 * tiles that stick out of the image cost more, and its weights are four times as large, which is what counts where few tiles share them.
 *
 * @param mode what may be chosen from
 */
public record ConvRule(Mode mode) {
    /** AUTO: the rule; the others: that algorithm wherever it can do the job, implicit GEMM elsewhere. */
    public enum Mode { AUTO, WINOGRAD, GEMM }

    /** The three passes of a convolution. */
    public enum Pass { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS }

    /**
     * A choice and its reason, for the plan's dump.
     *
     * @param winograd Winograd's F(4×4,3×3) if true, implicit GEMM otherwise
     * @param why the reason, a phrase
     */
    public record Choice(boolean winograd, String why) { }

    /** With fewer tiles than this, reading the transformed weights takes longer than multiplying by the plain ones. */
    static final int FEWEST_TILES = 8;
    /** Winograd's multiplications are to be fewer by this factor at least, or the transforms eat up what they save. */
    static final double LEAST_SAVING = 1.6;

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
        int h = pass == Pass.BACKWARD_DATA ? shape.h() : shape.outH();
        int w = pass == Pass.BACKWARD_DATA ? shape.w() : shape.outW();
        int tiles = new WinogradTiles(shape.n(), h, w).count();
        double saving = 9.0 * shape.n() * h * w / (Winograd.PLANES * tiles);
        if (tiles < FEWEST_TILES) {
            return new Choice(false, tiles + " Winograd tiles are too few to share its weights");
        }
        if (saving < LEAST_SAVING) {
            return new Choice(false, String.format(Locale.ROOT, "Winograd would save a factor of only %.1f", saving));
        }
        return new Choice(true, String.format(Locale.ROOT, "%.1f times fewer multiplications", saving));
    }
}
