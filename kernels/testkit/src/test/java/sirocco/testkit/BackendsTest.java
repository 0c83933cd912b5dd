package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Availability;
import sirocco.api.Backend;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;

/** Finding and choosing backends, with two more on the class path and a third that a service file names in vain. */
class BackendsTest {
    /** Preferred by all, available nowhere. */
    public static final class WithoutItsDriver implements Backend {
        @Override
        public String name() {
            return "driverless";
        }

        @Override
        public int priority() {
            return 1000;
        }

        @Override
        public Availability probe() {
            return Availability.no("no driver was found", "install version 7 or later");
        }

        @Override
        public Device open(Settings settings) {
            throw new UnsupportedOperationException("not to be opened");
        }
    }

    /** As one whose vendor's library is missing. */
    public static final class ThatCannotBeLoaded implements Backend {
        public ThatCannotBeLoaded() {
            throw new NoClassDefFoundError("vendor/Library");
        }

        @Override
        public String name() {
            return "unloadable";
        }

        @Override
        public int priority() {
            return 0;
        }

        @Override
        public Availability probe() {
            return Availability.yes("");
        }

        @Override
        public Device open(Settings settings) {
            throw new UnsupportedOperationException("not to be opened");
        }
    }

    private final Thread thread = Thread.currentThread();
    private final ClassLoader before = thread.getContextClassLoader();
    private final Logger logger = Logger.getLogger(Backends.class.getName());
    private final List<String> warnings = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            warnings.add(record.getMessage());
        }

        @Override
        public void flush() { }

        @Override
        public void close() { }
    };
    private URLClassLoader loader;

    @BeforeEach
    void offerMoreBackends(@TempDir Path folder) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.write(services.resolve(Backend.class.getName()),
                List.of(WithoutItsDriver.class.getName(), ThatCannotBeLoaded.class.getName(), "sirocco.testkit.ThatIsNotThere"));
        loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before);
        thread.setContextClassLoader(loader);
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    @AfterEach
    void withdrawThem() throws IOException {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
        thread.setContextClassLoader(before);
        loader.close();
    }

    @Test
    void whatCannotBeLoadedIsLeftOutAndTheBestComesFirst() {
        assertEquals(List.of("driverless", "reference"), Backends.all().stream().map(f -> f.backend().name()).toList());
        assertEquals(2, warnings.size());
        assertTrue(warnings.getFirst().contains("ThatCannotBeLoaded") && warnings.getLast().contains("ThatIsNotThere"), warnings::toString);
    }

    @Test
    void anUnavailableOneIsNeverSubstituted() {
        String message = assertThrows(IllegalArgumentException.class, () -> Backends.choose("driverless")).getMessage();
        assertTrue(message.contains("driverless") && message.contains("no driver was found") && message.contains("install version 7"), message);
    }

    @Test
    void autoTakesNeitherTheUnavailableNorTheReference() {
        String message = assertThrows(IllegalArgumentException.class, () -> Backends.choose("auto")).getMessage();
        assertTrue(message.contains("none is available") && message.contains("no driver was found"), message);
    }

    @Test
    void anUnknownNameListsThoseThereAre() {
        String message = assertThrows(IllegalArgumentException.class, () -> Backends.choose("cdua")).getMessage();
        assertTrue(message.contains("\"cdua\"") && message.contains("driverless") && message.contains("reference"), message);
    }

    @Test
    void settingsOutOfRangeAreErrors() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new Settings(-1, 0, Settings.Precision.F32)).getMessage().contains("-1"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new Settings(5000, 0, Settings.Precision.F32)).getMessage().contains("4096"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new Settings(0, -2, Settings.Precision.F32)).getMessage().contains("-2"));
        assertFalse(new ReferenceBackend().priority() >= 0);
    }
}
