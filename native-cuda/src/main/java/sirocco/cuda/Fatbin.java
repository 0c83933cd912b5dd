package sirocco.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import sirocco.api.Availability;

/** The kernels as nvcc built them for every architecture, carried beside the classes. */
final class Fatbin {
    static final String MISSING = "Sirocco was built without nvcc, so it has no kernels for a GPU";
    static final String REMEDY = "install the CUDA toolkit and build again";

    private static final String KERNELS = "sirocco.fatbin";

    /** The end of a loop, which only a driver with conditional graph nodes loads. */
    private static final String LOOP = "loop.fatbin";

    /** nvcc's version, as 13.0, written beside the fatbin by the build. */
    private static final String TOOLKIT = "toolkit-version";

    private Fatbin() { }

    static boolean built() {
        return Fatbin.class.getResource(KERNELS) != null;
    }

    /** The oldest driver that loads these kernels, as 1000·major: those of a major version need a driver of that version. 0 if there are none. */
    static int oldestDriver() {
        if (!built()) {
            return 0;
        }
        String version = new String(bytes(TOOLKIT), StandardCharsets.US_ASCII).strip();
        return 1000 * Integer.parseInt(version.substring(0, version.indexOf('.')));
    }

    /** @throws IllegalStateException if there is none; the {@linkplain Availability probe} tells beforehand */
    static byte[] kernels() {
        return bytes(KERNELS);
    }

    /** @throws IllegalStateException if there is none */
    static byte[] loop() {
        return bytes(LOOP);
    }

    private static byte[] bytes(String resource) {
        try (InputStream in = Fatbin.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("cuda: " + MISSING + "; " + REMEDY);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cuda: " + resource + " cannot be read", e);
        }
    }
}
