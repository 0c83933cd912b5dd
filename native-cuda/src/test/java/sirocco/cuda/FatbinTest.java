package sirocco.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What nvcc's build leaves beside the classes. */
class FatbinTest {
    /** A fatbin's first word. */
    private static final int MAGIC = 0xBA55ED50;

    @BeforeAll
    static void built() {
        assumeTrue(Fatbin.built(), "built without nvcc");
    }

    /** Both builds see the same source, and find kernels in it in different ways. */
    @Test
    void hasTheKernelsThatTheEmulatedDriverHas() {
        try (CudaDevice device = Emulated.device()) {
            device.use();
            assertEquals(Emulated.kernels(), new TreeSet<>(Fatbin.modules().keySet()));
        }
    }

    @Test
    void everyKernelsModuleIsThere() {
        for (String module : new TreeSet<>(Fatbin.modules().values())) {
            assertEquals(MAGIC, ByteBuffer.wrap(Fatbin.image(module)).order(ByteOrder.LITTLE_ENDIAN).getInt(), module);
        }
    }

    @Test
    void aKernelThatIsNotThere() {
        Modules modules = new Modules("cuda device 0", new Probe.Gpu("NVIDIA H100", 90));
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> modules.kernel("step 3", "conv3d", 0));
        assertTrue(e.getMessage().contains("no kernel conv3d"), e.getMessage());
    }

    @Test
    void saysWhatToolkitMadeIt() {
        assertTrue(Fatbin.toolkit() >= 12000 && Fatbin.toolkit() % 10 == 0, () -> "" + Fatbin.toolkit());
    }
}
