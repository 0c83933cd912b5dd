package sirocco.cuda.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import jcuda.driver.JCudaDriver;

/**
 * Loads JCuda's own library. Unless it is in java.library.path, JCuda unpacks it to a file of a fixed name in java.io.tmpdir, and takes whatever is
 * there under that name: a half, if another process is still writing it or was killed, or a stranger's. So it gets a folder of
 * this process alone, which is removed as soon as the library is in memory.
 */
final class JCudaLibrary {
    private static final String TEMPORARY = "java.io.tmpdir";

    private static boolean loaded;

    private JCudaLibrary() { }

    /** @throws IllegalStateException if it cannot be loaded */
    static synchronized void load() {
        if (loaded) {
            return;
        }
        String temporary = System.getProperty(TEMPORARY);
        try {
            // Windows lets nobody remove what is loaded: there, one file for all is better than one more each time.
            if (System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows")) {
                touch();
            } else {
                loadFrom(Files.createTempDirectory(Path.of(temporary), "sirocco-cuda-"), temporary);
            }
        } catch (IOException | LinkageError e) {
            throw new IllegalStateException("cuda: JCuda's library could not be loaded by way of " + temporary + " (" + e.toString().lines().findFirst().orElse("")
                    + "); name a folder that can be written and executed from: -D" + TEMPORARY + "=DIR", e);
        }
        loaded = true;
    }

    private static void loadFrom(Path own, String temporary) throws IOException {
        System.setProperty(TEMPORARY, own.toString()); // JCuda is the only one to ask while its classes load; the JDK asked when it started
        try {
            touch();
        } finally {
            System.setProperty(TEMPORARY, temporary);
            try (var files = Files.list(own)) {
                files.forEach(JCudaLibrary::delete);
            }
            Files.delete(own);
        }
    }

    /** Any of its methods loads the class, and that the library. */
    private static void touch() {
        JCudaDriver.setExceptionsEnabled(false);
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
