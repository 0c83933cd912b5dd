package sirocco.cpu.attention;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.conv.Gemm.PANEL;
import static sirocco.cpu.conv.Gemm.PANEL_BLOCK;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import sirocco.cpu.conv.Gemm;

/** Writes keys and values as the second operands of {@link Gemm#rows}. The source is a panel's 32 pixels, [channel block][32][16]. */
final class KeyPanels {
    private KeyPanels() { }

    /** One panel of the transposed matrix, [channel block][16 channels][32 keys]: for products that sum over channels. */
    static void transposed(Heads heads, float[] pixels, int from, float[] to, int at) {
        for (int b = 0; b < heads.blocks(); b++) {
            for (int j = 0; j < BLOCK; j++) {
                int column = from + b * PANEL_BLOCK + j;
                int row = at + b * PANEL_BLOCK + j * PANEL;
                for (int i = 0; i < PANEL; i++) {
                    to[row + i] = pixels[column + i * BLOCK];
                }
            }
        }
    }

    /**
     * One panel's part of the matrix as it is, [channel panel][key block][16 keys][32 channels]: for products that sum over keys.
     *
     * @param at where the task's matrix begins
     */
    static void straight(Heads heads, int panel, float[] pixels, int from, float[] to, int at) {
        int first = panel * PANEL;
        int keys = Math.min(PANEL, heads.keys() - first);
        for (int b = 0; b < heads.blocks(); b++) {
            int target = at + b / 2 * heads.keyBlocks() * PANEL_BLOCK + first * PANEL + b % 2 * BLOCK;
            for (int i = 0; i < keys; i++) {
                for (int v = 0; v < BLOCK; v += LANES) {
                    FloatVector.fromArray(F, pixels, from + b * PANEL_BLOCK + i * BLOCK + v).intoArray(to, target + i * PANEL + v);
                }
            }
        }
        if (heads.blocks() % 2 == 1) {
            int target = at + heads.blocks() / 2 * heads.keyBlocks() * PANEL_BLOCK + first * PANEL + BLOCK;
            for (int i = 0; i < keys; i++) {
                Arrays.fill(to, target + i * PANEL, target + i * PANEL + BLOCK, 0f);
            }
        }
    }

    /** Loads a panel's pixels of a value, filled up with zeros to 32. */
    static void load32(Heads heads, HeadView value, int task, int panel, float[] to, int at) {
        int first = panel * PANEL;
        int pixels = Math.min(PANEL, heads.others() - first);
        if (pixels < PANEL) {
            Arrays.fill(to, at, at + heads.blocks() * PANEL_BLOCK, 0f);
        }
        value.load(task, first, pixels, 1f, to, at, BLOCK, PANEL_BLOCK);
    }
}
