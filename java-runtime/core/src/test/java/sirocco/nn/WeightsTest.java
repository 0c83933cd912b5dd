package sirocco.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;

class WeightsTest {
    private final UNetConfig config = UNetConfig.small().toBuilder().numClassEmbeds(40).build();

    @Test
    void sameSeedSameWeights() {
        Weights a = Weights.initial(config, 7);
        Weights b = Weights.initial(config, 7);
        Weights c = Weights.initial(config, 8);
        assertEquals(new UNet(config).parameterCount(), a.count());
        for (String name : a.names()) {
            assertArrayEquals(a.get(name), b.get(name), name);
        }
        assertFalse(Arrays.equals(a.get("conv_in.weight"), c.get("conv_in.weight")));
        String attention = "mid_block.attentions.0.";
        assertFalse(Arrays.equals(a.get(attention + "to_q.weight"), a.get(attention + "to_k.weight")), "each name draws its own");
    }

    /** A wider model elsewhere changes nothing here: a parameter depends on its own name and shape. */
    @Test
    void parametersDoNotDependOnEachOther() {
        Weights a = Weights.initial(config, 7);
        Weights b = Weights.initial(config.toBuilder().layersPerBlock(1).build(), 7);
        assertArrayEquals(a.get("conv_in.weight"), b.get("conv_in.weight"));
        assertArrayEquals(a.get("conv_out.weight"), b.get("conv_out.weight"));
    }

    @Test
    void weightsAreThePapers() {
        Weights w = Weights.initial(config, 3);
        // 3×3, 32 → 64: fans 288 and 576, mean 432.
        uniform(w.get("down_blocks.1.resnets.0.conv1.weight"), Math.sqrt(3 / 432.0));
        // 1×1, 96 → 64: mean 80. Linear, 128 → 64: mean 96.
        uniform(w.get("up_blocks.1.resnets.2.conv_shortcut.weight"), Math.sqrt(3 / 80.0));
        uniform(w.get("down_blocks.1.resnets.0.time_emb_proj.weight"), Math.sqrt(3 / 96.0));
        uniform(w.get("down_blocks.1.resnets.0.conv2.weight"), Math.sqrt(3e-10 / 576.0));
        uniform(w.get("mid_block.attentions.0.to_out.0.weight"), Math.sqrt(3e-10 / 64.0));
        uniform(w.get("mid_block.attentions.0.to_v.weight"), Math.sqrt(3 / 64.0));
        uniform(w.get("conv_out.weight"), Math.sqrt(3e-10 / (9 * 35 / 2.0)));
        for (String name : w.names()) {
            if (name.endsWith(".bias")) {
                assertArrayEquals(new float[w.get(name).length], w.get(name), name);
            } else if (name.contains("norm")) {
                for (float f : w.get(name)) {
                    assertEquals(1, f, name);
                }
            }
        }
        float[] table = w.get("class_embedding.weight");
        assertEquals(40 * 128, table.length);
        assertEquals(0, mean(table, 1), 4 / Math.sqrt(table.length), "mean of a standard normal, within 4 standard errors");
        assertEquals(1, mean(table, 2), 4 * Math.sqrt(2.0 / table.length), "mean square of a standard normal, within 4 standard errors");
    }

    @Test
    void namesWhatIsNotThereAndWhatIsNotFinite() {
        Weights w = WeightArrays.copyOf(Weights.initial(config, 0));
        assertTrue(assertThrows(NoSuchElementException.class, () -> w.get("conv_in")).getMessage().contains("\"conv_in\""));
        w.get("conv_in.bias")[5] = Float.NaN;
        w.get("conv_in.bias")[7] = Float.POSITIVE_INFINITY;
        String message = assertThrows(NonFiniteException.class, w::requireFinite).getMessage();
        assertTrue(message.contains("\"conv_in.bias\" has 2 of 32") && message.contains("element 5 is NaN"), message);
    }

    @Test
    void aModelTooLargeForTheHeapIsRefused() {
        UNetConfig huge = UNetConfig.builder().blockOutChannels(1 << 16, 1 << 16, 1 << 16).build();
        String message = assertThrows(IllegalArgumentException.class, () -> new WeightArrays(huge)).getMessage();
        assertTrue(message.contains("parameters take") && message.contains("-Xmx"), message);
    }

    /** Within ±limit, reaching close to it, mean 0 and mean square limit²/3, each within 4 standard errors. */
    private static void uniform(float[] x, double limit) {
        double max = 0;
        for (float f : x) {
            max = Math.max(max, Math.abs(f));
        }
        assertTrue(max <= limit * (1 + 1e-6) && max >= 0.97 * limit, max + " for a limit of " + limit);
        assertEquals(0, mean(x, 1) / limit, 4 / Math.sqrt(3.0 * x.length));
        assertEquals(1.0 / 3, mean(x, 2) / (limit * limit), 4 * Math.sqrt(4.0 / 45 / x.length));
    }

    private static double mean(float[] x, int power) {
        double sum = 0;
        for (float f : x) {
            sum += Math.pow(f, power);
        }
        return sum / x.length;
    }
}
