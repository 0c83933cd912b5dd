package sirocco.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.conv.ConvRule.Mode;
import sirocco.cpu.conv.ConvRule.Pass;

class ConvRuleTest {
    private static boolean winograd(Mode mode, ConvShape shape) {
        return new ConvRule(mode).choose(shape, Pass.FORWARD).winograd();
    }

    @Test
    void winogradWhereItSaves() {
        assertTrue(winograd(Mode.AUTO, ConvShape.same(16, 32, 32, 128, 128, 3)));
        assertTrue(winograd(Mode.AUTO, ConvShape.same(1, 16, 16, 256, 256, 3)));
        assertTrue(winograd(Mode.AUTO, ConvShape.same(16, 4, 4, 256, 256, 3)));
        assertEquals(false, winograd(Mode.AUTO, ConvShape.same(1, 4, 4, 256, 256, 3)), "one tile is too few");
        assertEquals(false, winograd(Mode.AUTO, ConvShape.same(16, 2, 2, 256, 256, 3)), "tiles mostly outside of the image");
        assertEquals(false, winograd(Mode.AUTO, ConvShape.same(16, 32, 32, 3, 128, 3)), "three channels");
    }

    @Test
    void modesOverrideWhereTheAlgorithmCanDoIt() {
        assertTrue(winograd(Mode.WINOGRAD, ConvShape.same(1, 4, 4, 256, 256, 3)));
        assertEquals(false, winograd(Mode.GEMM, ConvShape.same(16, 32, 32, 128, 128, 3)));
        assertEquals(false, winograd(Mode.WINOGRAD, ConvShape.same(16, 32, 32, 128, 128, 1)));
    }

    @Test
    void kernelsSayWhatTheyAreAndWhy() {
        try (Workers workers = new Workers(1)) {
            ConvShape s = ConvShape.same(4, 16, 16, 32, 32, 3);
            Layout l = Layout.blocked(4, 16, 16, 32, 1);
            String text = new ConvForward(s, l, l, null, true, workers, new ConvRule(Mode.AUTO)).toString();
            assertTrue(text.contains("Winograd") && text.contains("4.0 times fewer"), text);
        }
    }

    @Test
    void misfitsAreErrors() {
        try (Workers workers = new Workers(1)) {
            ConvShape s = ConvShape.same(4, 16, 16, 32, 32, 3);
            Layout l = Layout.blocked(4, 16, 16, 32, 1);
            var e = assertThrows(IllegalArgumentException.class,
                    () -> new ConvForward(s, Layout.blocked(4, 16, 16, 48, 1), l, null, true, workers, new ConvRule(Mode.AUTO)));
            assertTrue(e.getMessage().contains("x should be [4,16,16,32]"), e.getMessage());
            assertThrows(IllegalArgumentException.class,
                    () -> new ConvBackwardData(s, l, Layout.plain(4, 16, 16, 32), true, workers, new ConvRule(Mode.AUTO)));
        }
        assertThrows(IllegalArgumentException.class, () -> new ConvShape(1, 2, 2, 1, 1, 3, 3, 1, 0, 0, 0, 0));
    }
}
