package sirocco.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import sirocco.api.Availability;

/** The kernels as nvcc built them for every architecture, carried beside the classes. */
final class Fatbin {
    static final String MISSING = "Sirocco was built without nvcc, so it has no kernels for a GPU";
    static final String REMEDY = "install the CUDA toolkit and build again";

    private static final String RESOURCE = "sirocco.fatbin";

    private Fatbin() { }

    static boolean built() {
        return Fatbin.class.getResource(RESOURCE) != null;
    }

    /** @throws IllegalStateException if there is none; the {@linkplain Availability probe} tells beforehand */
    static byte[] read() {
        try (InputStream in = Fatbin.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("cuda: " + MISSING + "; " + REMEDY);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cuda: " + RESOURCE + " cannot be read", e);
        }
    }
}
