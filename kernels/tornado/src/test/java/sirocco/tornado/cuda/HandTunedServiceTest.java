package sirocco.tornado.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.gpu.ExternalKernels;

/** The CUDA backend is found as a service, and may be missing. */
class HandTunedServiceTest {
    @Test
    void theCudaBackendOffersItsKernels() {
        assertEquals(Optional.of("cuda"), ExternalKernels.of("cuda").map(ExternalKernels::backend));
    }

    @Test
    void aMissingCudaBackendIsSaid() {
        String answer = HandTuned.probe(Optional.empty(), 0).toString();
        assertTrue(answer.contains("the class path does not have the CUDA backend") && answer.contains("native-cuda"), answer);
    }
}
