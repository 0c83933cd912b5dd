package sirocco.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The kernels as nvcc built them for every architecture, carried beside the classes: each file of {@code src/main/cuda} is a module, so that a
 * device loads only what a plan uses. {@code build-scripts/cuda} writes them.
 */
final class Fatbin {
    static final String MISSING = "Sirocco was built without nvcc, so it has no kernels for a GPU";
    static final String REMEDY = "install the CUDA toolkit and build again";

    private static final String FOLDER = "fatbin/";

    /** A line for each kernel: its name, and that of its module. */
    private static final String KERNELS = FOLDER + "kernels.txt";

    /** nvcc's version, as 13.0. */
    private static final String TOOLKIT = FOLDER + "toolkit-version";

    /** Read when first asked for, which is where there is a GPU. */
    private static final class Index {
        static final Map<String, String> MODULES = text(KERNELS).lines().map(line -> line.split(" ")).collect(Collectors.toUnmodifiableMap(l -> l[0], l -> l[1]));
    }

    private Fatbin() { }

    static boolean built() {
        return Fatbin.class.getResource(KERNELS) != null;
    }

    /** The CUDA version of the toolkit that made the kernels, as 1000·major + 10·minor; 0 if there are none. */
    static int toolkit() {
        if (!built()) {
            return 0;
        }
        String[] version = text(TOOLKIT).strip().split("\\.");
        return 1000 * Integer.parseInt(version[0]) + 10 * Integer.parseInt(version[1]);
    }

    /** Kernels by name, each with the name of its module. */
    static Map<String, String> modules() {
        return Index.MODULES;
    }

    /**
     * A module, as the driver loads it.
     *
     * @throws IllegalStateException if there is none; the probe tells beforehand
     */
    static byte[] image(String module) {
        return bytes(FOLDER + module + ".fatbin");
    }

    private static String text(String resource) {
        return new String(bytes(resource), StandardCharsets.US_ASCII);
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
