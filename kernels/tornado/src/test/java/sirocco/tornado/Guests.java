package sirocco.tornado;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.CUdevice;
import sirocco.api.Settings;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.driver.ForeignDriver;
import sirocco.cuda.driver.StreamHandle;
import sirocco.tornado.cuda.HandTuned;
import uk.ac.manchester.tornado.api.TornadoDeviceContext;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * An NVIDIA device as TornadoVM's CUDA backend shows it to a library's provider: a context and a stream of the driver's. The driver is the emulated one,
 * unless TornadoVM itself drives a CUDA device here.
 */
final class Guests implements AutoCloseable {
    static final String WHAT = "test of guests";
    private static final int ORDINAL = 0;
    private static final Path EMULATED = Path.of(System.getProperty("sirocco.root", "../.."), "native-cuda/target/emulated/libcuda.so.1").toAbsolutePath()
            .normalize();

    final HandTuned handTuned;
    final StreamHandle stream;
    private final CUdevice device;
    private final long context;

    private Guests() {
        handTuned = new HandTuned(ORDINAL, "test", Settings.DEFAULT);
        device = Driver.device(WHAT, ORDINAL);
        Driver.retainContext(WHAT, device);
        context = new ForeignDriver(DriverLibrary.open().orElseThrow()).context(WHAT);
        stream = Driver.stream(WHAT);
    }

    /** Skips the test, saying why, where there is no TornadoVM or no driver. */
    static Guests open() {
        assumeTrue(ModuleLayer.boot().findModule("tornado.runtime").isPresent(), "TornadoVM is not here; set TORNADOVM_HOME");
        if (Probe.answer().devices().stream().noneMatch(Probe.Found::isCuda) && System.getProperty(DriverLibrary.PATH_PROPERTY, "").isEmpty()) {
            assumeTrue(Files.exists(EMULATED), "the emulated CUDA driver has not been built: it needs g++ and make");
            System.setProperty(DriverLibrary.PATH_PROPERTY, EMULATED.toString());
        }
        assumeTrue(HandTuned.probe(ORDINAL).available(), () -> "cuda " + HandTuned.probe(ORDINAL));
        return new Guests();
    }

    /** What the provider asks of a device. */
    TornadoXPUDevice device() {
        TornadoDeviceContext deviceContext = proxy(TornadoDeviceContext.class);
        return (TornadoXPUDevice) proxy(TornadoXPUDevice.class, deviceContext);
    }

    private TornadoDeviceContext proxy(Class<TornadoDeviceContext> type) {
        return type.cast(proxy(type, null));
    }

    private Object proxy(Class<?> type, TornadoDeviceContext deviceContext) {
        return Proxy.newProxyInstance(Guests.class.getClassLoader(), new Class<?>[] {type, TornadoNativeStreamSupport.class}, (_, method, _) -> switch (method.getName()) {
            case "getNativeContext" -> context;
            case "getNativeStream" -> stream.address();
            case "getDeviceIndex" -> ORDINAL;
            case "getDeviceContext" -> deviceContext;
            default -> throw new UnsupportedOperationException(method.toString());
        });
    }

    @Override
    public void close() {
        Driver.destroy(WHAT, stream);
        Driver.releaseContext(WHAT, device);
    }
}
