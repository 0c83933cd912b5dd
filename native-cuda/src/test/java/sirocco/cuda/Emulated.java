package sirocco.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import sirocco.api.Settings;
import sirocco.cuda.driver.DriverLibrary;

/** The backend on the emulated driver, which this module's build makes where there are g++ and make; tests are skipped where there is none. */
final class Emulated {
    private static final Path DRIVER = Path.of(System.getProperty("sirocco.root", ".."), "native-cuda/target",
            System.getProperty("sirocco.cuda.emulated", "emulated"), "libcuda.so.1").toAbsolutePath().normalize();

    private Emulated() { }

    static CudaBackend backend() {
        assumeTrue(Files.exists(DRIVER), "the emulated CUDA driver has not been built: it needs g++ and make");
        System.setProperty(DriverLibrary.PATH_PROPERTY, DRIVER.toString());
        return new CudaBackend();
    }

    static CudaDevice device() {
        return (CudaDevice) backend().open(Settings.DEFAULT);
    }
}
