package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Normalization;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.testkit.CaseBuilder;
import sirocco.testkit.OpCase;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;

/** GroupNorm of groups with more channels than a work group has items, which none of the contract's cases has; by several slabs and pieces, too. */
class WideGroupsTest {
    private static final Shape X = new Shape(2, 5, 7, 600);
    private static final int GROUPS = 2;

    private static OpCase normAndGradients() {
        return OpCase.of("GroupNorm+Silu and its gradients, x" + X + " groups " + GROUPS, c -> {
            Value x = c.input("x", X, CaseBuilder.normal(0, 1));
            Value dy = c.input("dy", X);
            Value gamma = c.parameter("gamma", Shape.vector(X.c()), CaseBuilder.normal(1, 0.3));
            Value beta = c.parameter("beta", Shape.vector(X.c()), CaseBuilder.normal(0, 0.3));
            Value y = c.temporary("y", X);
            Value stats = c.temporary("stats", Shape.features(X.n(), 2 * GROUPS));
            c.op(new Normalization.GroupNorm(x, gamma, beta, GROUPS, 1e-5f, true, y, stats));
            Value dx = c.temporary("dx", X);
            Value dGamma = c.state("dGamma", Shape.vector(X.c()));
            Value dBeta = c.state("dBeta", Shape.vector(X.c()));
            c.op(new Normalization.GroupNormBackward(x, stats, gamma, beta, dy, Optional.empty(), GROUPS, true, dx, dGamma, dBeta));
            long terms = (long) X.n() * X.h() * X.w();
            long group = (long) X.h() * X.w() * X.c() / GROUPS;
            c.result(y, Tolerance.groupNorm(0, 1));
            c.result(stats, Tolerance.groupNorm(0, 0));
            c.result(dx, Tolerance.groupNormBackward(0, group, 1));
            c.result(dGamma, Tolerance.groupNormBackward(0, terms, Math.sqrt(terms)));
            c.result(dBeta, Tolerance.groupNormBackward(0, terms, Math.sqrt(terms)));
        });
    }

    @Test
    void matchTheReference() {
        TornadoBackend backend = new TornadoBackend();
        assumeTrue(backend.probe().available(), () -> "tornado " + backend.probe());
        OpCase c = normAndGradients();
        try (Device device = backend.open(new Settings(1, 0, Settings.Precision.F32)); ReferenceDevice reference = new ReferenceDevice();
                Executable e = device.load(device.plan(c.graph()));
                ReferenceExecutable expected = (ReferenceExecutable) reference.load(reference.plan(c.graph()))) {
            c.fill(expected);
            expected.run();
            c.fill(e);
            e.run();
            List<String> problems = c.violations(e, expected);
            assertTrue(problems.isEmpty(), () -> c + "\n" + String.join("\n", problems));
        }
    }
}
