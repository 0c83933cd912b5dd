package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.List;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Plan;
import sirocco.api.Value;

/**
 * What a backend owes in each {@link OpCase}.
 *
 * @param devices the same backend opened with each number of threads
 * @param threads those numbers
 */
record CaseChecks(List<Device> devices, List<Integer> threads) {
    /** Skips the test, saying why, where the backend lacks an op. */
    static Executable load(Device device, Graph graph) {
        Plan plan;
        try {
            plan = device.plan(graph);
        } catch (UnsupportedOperationException e) {
            return abort(e.getMessage());
        }
        return device.load(plan);
    }

    void matchesTheReference(OpCase c) {
        try (ReferenceDevice reference = new ReferenceDevice(); Executable expected = reference.load(reference.plan(c.graph()));
                Executable e = load(devices.getFirst(), c.graph())) {
            c.fill(expected);
            expected.run();
            c.fill(e);
            e.run();
            List<String> problems = c.violations(e, (ReferenceExecutable) expected);
            assertTrue(problems.isEmpty(), () -> c + "\n" + String.join("\n", problems));
        }
    }

    void repeats(OpCase c) {
        try (Executable e = load(devices.getFirst(), c.graph())) {
            List<float[]> first = runAndRead(c, e);
            assertSame(c, first, runAndRead(c, e), "second run");
            for (float garbage : new float[] {Float.NaN, 1e30f}) {
                c.fillWith(e, garbage);
                e.run();
                assertSame(c, first, runAndRead(c, e), "run after one on " + garbage);
            }
        }
    }

    void threadsChangeNothing(OpCase c) {
        if (devices.size() == 1) {
            return;
        }
        List<float[]> first;
        try (Executable e = load(devices.getFirst(), c.graph())) {
            first = runAndRead(c, e);
        }
        for (int i = 1; i < devices.size(); i++) {
            try (Executable e = load(devices.get(i), c.graph())) {
                assertSame(c, first, runAndRead(c, e), threads.get(i) + " threads, not " + threads.getFirst());
            }
        }
    }

    void planningChangesNothing(OpCase c) {
        try (Executable shared = load(devices.getFirst(), c.graph()); Executable apart = load(devices.getFirst(), c.keepingEverything())) {
            assertTrue(shared.plan().arenaBytes() <= apart.plan().arenaBytes(), "sharing memory takes more of it");
            assertSame(c, runAndRead(c, apart), runAndRead(c, shared), "shared memory");
        }
    }

    static List<float[]> runAndRead(OpCase c, Executable e) {
        c.fill(e);
        e.run();
        return c.compared().stream().map(v -> OpCase.read(e, v)).toList();
    }

    static void assertSame(OpCase c, List<float[]> expected, List<float[]> actual, String what) {
        for (int i = 0; i < expected.size(); i++) {
            Value v = c.compared().get(i);
            for (int j = 0; j < expected.get(i).length; j++) {
                if (Float.floatToIntBits(expected.get(i)[j]) != Float.floatToIntBits(actual.get(i)[j])) {
                    throw new AssertionError("%s, %s: %s differs at %s: %.9g, was %.9g".formatted(c, what, v, Tolerance.position(v, j), actual.get(i)[j],
                            expected.get(i)[j]));
                }
            }
        }
    }
}
