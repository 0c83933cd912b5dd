package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.io.Safetensors;
import sirocco.testkit.GoldenFolder;
import sirocco.testkit.GoldenTests;

/**
 * The step control of {@link DormandPrince} against SciPy's {@code RK45} on the probability-flow ODEs of Song et al. 2021 in their own time t: as many evaluations,
 * and the same end.
 */
class OdeGoldenTest {
    /** Of double precision over some hundred evaluations, where differences in the chosen steps change no step's error by much. */
    private static final double CLOSE = 1e-9;

    @TestFactory
    Stream<DynamicTest> takesTheStepsThatScipyTakes() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenFolder folder : GoldenTests.folders()) {
            if (folder.kind() == GoldenFolder.Kind.PROCESSES) {
                Path file = folder.path().resolve("golden.safetensors");
                for (JsonNode c : new JsonMapper().readTree(folder.path().resolve("index.json").toFile())) {
                    if (c.path("kind").asText().equals("ode_sampler")) {
                        for (String tolerance : List.of("1e-05", "1e-08")) {
                            String name = folder.name() + "/" + c.path("name").asText() + " " + tolerance;
                            tests.add(DynamicTest.dynamicTest(name, () -> check(file, c, tolerance)));
                        }
                    }
                }
            }
        }
        assertFalse(tests.isEmpty() && !GoldenTests.othersData(), () -> "no data of adaptive solvers in " + GoldenTests.root());
        return tests.stream();
    }

    private static void check(Path file, JsonNode c, String tolerance) throws IOException {
        try (Safetensors golden = Safetensors.open(file)) {
            String name = c.get("name").asText();
            Sde sde = new Sde(c, Mixture.of(golden));
            double tol = Double.parseDouble(tolerance);
            // The output is dx/dt itself: with s = 1, kx = 1 and ko = −1, (x − x̂_0)/s is the output.
            DormandPrince solver = new DormandPrince(1, c.get("eps").asDouble(), t -> new SigmaGrid.Point(new Level(t, 1, 1, 1), 1, -1), 1, tol, tol,
                    OptionalDouble.empty(), Integer.MAX_VALUE);
            ScalarDriver driver = new ScalarDriver(solver, 0, golden.doubles(name + ".z"));
            double[] found = driver.finish((x, level) -> sde.slope(x, level.time()));
            assertEquals(c.get("nfe_" + tolerance).asInt(), driver.evaluations());
            double[] expected = golden.doubles(name + ".end_" + tolerance);
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], found[i], CLOSE);
            }
        }
    }

    /** The processes of Song et al. 2021, appendix B and C. */
    private record Sde(JsonNode c, Mixture mixture) {
        double[] slope(double[] x, double t) {
            double a = 1;
            double s;
            double drift = 0;
            double diffusion;
            if (c.get("sde").asText().equals("VE")) {
                double ratio = c.get("sigma_max").asDouble() / c.get("sigma_min").asDouble();
                s = c.get("sigma_min").asDouble() * Math.pow(ratio, t);
                diffusion = s * s * 2 * Math.log(ratio);
            } else {
                double least = c.get("beta_min").asDouble();
                double more = c.get("beta_max").asDouble() - least;
                double beta = least + t * more;
                a = Math.exp(-0.25 * t * t * more - 0.5 * t * least);
                drift = -0.5 * beta;
                boolean sub = c.get("sde").asText().equals("subVP");
                s = sub ? 1 - a * a : Math.sqrt(1 - a * a);
                diffusion = sub ? beta * (1 - a * a * a * a) : beta;
            }
            double[] clean = mixture.clean(x, a, s);
            double[] slope = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                double score = (a * clean[i] - x[i]) / (s * s);
                slope[i] = drift * x[i] - 0.5 * diffusion * score;
            }
            return slope;
        }
    }
}
