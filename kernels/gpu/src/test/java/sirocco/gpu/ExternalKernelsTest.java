package sirocco.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Attention;
import sirocco.api.Convolution;
import sirocco.api.Pointwise;

class ExternalKernelsTest {
    /** This module's class path has no backend. */
    @Test
    void aServiceThatIsMissingIsNoError() {
        assertEquals(Optional.empty(), ExternalKernels.of("cuda"));
    }

    @Test
    void opsHaveTheirNamesInSnakeCase() {
        assertEquals("conv2d_backward_data", OpNames.of(Convolution.Conv2dBackwardData.class));
        assertEquals("unary", OpNames.of(Pointwise.Unary.class));
        assertEquals("attention", OpNames.of(Attention.Forward.class));
        assertEquals("attention_backward", OpNames.of(Attention.Backward.class));
    }

    /** 64 elements take 16 blocks of four words. */
    @Test
    void philoxBlocksComeInGroups() {
        assertEquals(16, PhiloxBlocks.count(1));
        assertEquals(16, PhiloxBlocks.count(64));
        assertEquals(32, PhiloxBlocks.count(65));
    }
}
