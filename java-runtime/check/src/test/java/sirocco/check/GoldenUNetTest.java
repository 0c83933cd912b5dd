package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Settings;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.NoiseSchedule;
import sirocco.folder.ModelFolder;
import sirocco.folder.WeightFiles;
import sirocco.io.TensorType;
import sirocco.pipeline.DiffusionModel;
import sirocco.testkit.GoldenFolder;
import sirocco.testkit.GoldenTests;

/** Every golden case of a U-Net on every backend that is available here; on TornadoVM's, if TORNADOVM_HOME is set, the smallest. */
class GoldenUNetTest {
    /**
     * Of noised images. float32's ᾱ_t is off by t roundings of 2⁻²⁴, so √(1 − ᾱ_t) ≥ 0.01·√(t + 1) is off by at most 2⁻²⁴·√t / 0.02 while t ≤ 1000, which is 9.4e-5.
     */
    private static final double NOISING = 1e-4;

    @TempDir Path temp;

    @TestFactory
    List<DynamicTest> everyCaseOnEveryBackend() throws IOException {
        List<GoldenFolder> folders = GoldenTests.folders();
        List<DynamicTest> tests = new ArrayList<>();
        List<GoldenCase> cases = new ArrayList<>();
        for (GoldenModel model : GoldenModel.find(folders)) {
            if (model.unsupported().isPresent()) {
                tests.add(GoldenTests.unsupported(model.name(), model.unsupported().get()));
                continue;
            }
            GoldenCase c = model.read();
            cases.add(c);
            tests.add(dynamicTest(c.name() + ": round trip", () -> roundTrip(model.folder().path(), c)));
            if (c.trainingSteps() > 0) {
                tests.add(dynamicTest(c.name() + ": noising", () -> noising(c)));
            }
        }
        assertFalse(folders.isEmpty() || cases.isEmpty() && !GoldenTests.othersData(), () -> "no golden case of a U-Net in " + GoldenTests.root());
        for (Backends.Found found : Backends.all()) {
            String backend = found.backend().name();
            if (!found.availability().available()) {
                System.out.println("golden cases of U-Nets are not run on " + backend + ": " + found.availability());
                continue;
            }
            // TornadoVM compiles every kernel of every plan, which takes minutes: sirocco check --golden runs all cases there.
            boolean compiles = backend.equals("tornado");
            List<GoldenCase> smallest = cases.stream().filter(c -> c.trainingSteps() > 0)
                    .min(Comparator.comparingLong(c -> c.model().config().network().parameterCount())).stream().toList();
            for (GoldenCase c : compiles ? smallest : cases) {
                tests.add(dynamicTest(c.name() + " on " + backend, () -> check(c, found, !compiles)));
            }
        }
        return tests;
    }

    private static void check(GoldenCase c, Backends.Found found, boolean gradients) {
        try (Device device = found.backend().open(Settings.DEFAULT)) {
            GoldenCheck check = new GoldenCheck(c, device);
            check.forward();
            if (gradients) {
                check.gradients();
            }
            check.training();
            assertTrue(check.found().violations().isEmpty(), () -> String.join("\n", check.found().violations()));
        }
    }

    /** x_t of every training step follows from x_0 and the noise. */
    private static void noising(GoldenCase c) {
        NoiseSchedule schedule = NoiseSchedule.of(BetaSchedule.LINEAR, 1000);
        Deviations found = new Deviations();
        for (int i = 0; i < c.trainingSteps(); i++) {
            String step = "train." + i + ".";
            float[] xt = c.get(step + "xt").clone();
            float[] x0 = c.get(step + "x0");
            float[] noise = c.get(step + "noise");
            float[] t = c.get(step + "timesteps");
            double norm = Deviations.norm(xt);
            for (int j = 0; j < xt.length; j++) {
                int at = (int) t[j / (xt.length / t.length)];
                xt[j] -= (float) (schedule.signal(at) * x0[j] + schedule.noise(at) * noise[j]);
            }
            found.add(step + "xt", Deviations.norm(xt) / norm, NOISING);
        }
        assertTrue(found.violations().isEmpty(), () -> String.join("\n", found.violations()));
    }

    /** A model that Python wrote, read and written again: the weights are the same, and so is every tensor of float32 files with diffusers' current names. */
    private void roundTrip(Path original, GoldenCase c) throws IOException {
        Path copy = temp.resolve(c.name().replace('/', '-'));
        c.model().save(copy);
        DiffusionModel read = DiffusionModel.load(copy);
        assertEquals(c.model().config(), read.config());
        for (String name : c.parameters()) {
            assertArrayEquals(c.model().weights().get(name), read.weights().get(name), name);
        }
        try (WeightFiles theirs = WeightFiles.open(ModelFolder.open(original).network());
                WeightFiles ours = WeightFiles.open(ModelFolder.open(copy).network())) {
            Set<String> names = theirs.names();
            if (names.stream().allMatch(n -> ours.has(n) && theirs.info(n).type() == TensorType.F32)) {
                assertEquals(names, ours.names());
                for (String name : names) {
                    assertArrayEquals(theirs.shape(name), ours.shape(name), name);
                    assertArrayEquals(theirs.floats(name), ours.floats(name), name);
                }
            }
        }
    }
}
