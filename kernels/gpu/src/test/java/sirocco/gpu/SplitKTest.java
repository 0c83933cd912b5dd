package sirocco.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SplitKTest {
    @Test
    void partialSumsCoverTheDepthOnceAndNoneIsEmpty() {
        for (int kTiles = 1; kTiles < 200; kTiles++) {
            for (int most = 1; most < 70; most++) {
                SplitK s = SplitK.of(kTiles, most);
                String which = kTiles + " K-tiles, at most " + most + " partial sums: " + s;
                assertTrue(s.splits() >= 1 && s.splits() <= most, which);
                assertTrue(s.splits() * s.tilesPerSplit() >= kTiles && (s.splits() - 1) * s.tilesPerSplit() < kTiles, which);
            }
        }
    }

    @Test
    void theLabelSaysHowMany() {
        assertEquals("64x64", SplitK.of(7, 1).label("64x64"));
        assertEquals("64x64, 4 parts", SplitK.of(7, 4).label("64x64"));
    }
}
