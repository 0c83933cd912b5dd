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
import java.util.Comparator;
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
import sirocco.model.UNet;

/** Every golden case on every backend of this build; on TornadoVM's, which is in it where TORNADOVM_HOME is set, the smallest. */
class GoldenUNetTest {
    @TempDir Path temp;

    @TestFactory
    List<DynamicTest> everyCaseOnEveryBackend() throws IOException {
        String chosen = System.getProperty("sirocco.golden");
        Path folder = chosen != null ? Path.of(chosen) : Path.of(System.getProperty("sirocco.root", "../..")).resolve("../shared/golden");
        assumeTrue(Files.isDirectory(folder), "no golden data: neither -Dsirocco.golden nor ../shared/golden is a folder");
        List<GoldenCase> cases = new ArrayList<>();
        List<DynamicTest> tests = new ArrayList<>();
        for (Path path : GoldenCase.cases(folder)) {
            GoldenCase c = GoldenCase.read(path);
            cases.add(c);
            tests.add(dynamicTest(c.name() + ": round trip", () -> roundTrip(path, c)));
        }
        GoldenCase smallest = cases.stream().min(Comparator.comparingLong(c -> new UNet(c.model().config()).parameterCount())).orElseThrow();
        for (Backends.Found found : Backends.all()) {
            boolean compiles = found.backend().name().equals("tornado"); // every kernel of every plan, which takes minutes: sirocco check --golden has all
            for (GoldenCase c : compiles ? List.of(smallest) : cases) {
                String name = c.name() + " on " + found.backend().name() + ": ";
                tests.add(dynamicTest(name + "forward", () -> check(c, found, GoldenCheck::forward)));
                if (!compiles) {
                    tests.add(dynamicTest(name + "gradients", () -> check(c, found, GoldenCheck::gradients)));
                }
                tests.add(dynamicTest(name + "training", () -> check(c, found, GoldenCheck::training)));
            }
        }
        return tests;
    }

    private static void check(GoldenCase c, Backends.Found found, Consumer<GoldenCheck> part) {
        assumeTrue(found.availability().available(), () -> found.backend().name() + " " + found.availability());
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
