package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.io.Safetensors;
import sirocco.model.DiffusersFolder;

/** Every golden case on every backend there is. */
class GoldenUNetTest {
    @TempDir Path temp;

    @TestFactory
    List<DynamicTest> everyCaseOnEveryBackend() throws IOException {
        String chosen = System.getProperty("sirocco.golden");
        Path folder = chosen != null ? Path.of(chosen) : Path.of(System.getProperty("sirocco.root", "../..")).resolve("../shared/golden");
        assumeTrue(Files.isDirectory(folder), "no golden data: neither -Dsirocco.golden nor ../shared/golden is a folder");
        List<DynamicTest> tests = new ArrayList<>();
        for (Path path : GoldenCase.cases(folder)) {
            GoldenCase c = GoldenCase.read(path);
            tests.add(dynamicTest(c.name() + ": round trip", () -> roundTrip(path, c)));
            for (Backends.Found found : Backends.all()) {
                if (found.availability().available()) {
                    String name = c.name() + " on " + found.backend().name() + ": ";
                    tests.add(dynamicTest(name + "forward", () -> check(c, found, GoldenCheck::forward)));
                    tests.add(dynamicTest(name + "gradients", () -> check(c, found, GoldenCheck::gradients)));
                    tests.add(dynamicTest(name + "training", () -> check(c, found, GoldenCheck::training)));
                }
            }
        }
        return tests;
    }

    private static void check(GoldenCase c, Backends.Found found, Consumer<GoldenCheck> part) {
        try (Device device = found.backend().open(Settings.DEFAULT)) {
            GoldenCheck check = new GoldenCheck(c, device);
            part.accept(check);
            assertTrue(check.found().violations().isEmpty(), () -> String.join("\n", check.found().violations()));
        }
    }

    /** A model that Python wrote, read and written again: every tensor has the same name, shape and bits. */
    private void roundTrip(Path original, GoldenCase c) throws IOException {
        Path copy = temp.resolve(c.name());
        c.model().save(copy);
        assertEquals(c.model().config(), DiffusersFolder.readConfig(copy));
        try (Safetensors theirs = Safetensors.open(original.resolve(DiffusersFolder.WEIGHTS));
                Safetensors ours = Safetensors.open(copy.resolve(DiffusersFolder.WEIGHTS))) {
            assertEquals(theirs.names(), ours.names());
            for (String name : theirs.names()) {
                assertArrayEquals(theirs.shape(name), ours.shape(name), name);
                assertEquals(-1, theirs.segment(name).mismatch(ours.segment(name)), name);
            }
        }
    }
}
