package sirocco.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import sirocco.nn.unet.UNetConfig;

class ComponentsTest {
    @Test
    void unknownPresetsListTheKnown() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Components.preset("huge")).getMessage().contains("[cifar10, classifier, small]"));
        assertEquals(UNetConfig.small(), Components.preset("small"));
    }
}
