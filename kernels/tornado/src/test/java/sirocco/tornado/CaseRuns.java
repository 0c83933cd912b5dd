package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.testkit.OpCase;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;

/** Op cases, run by a plan that a test has looked at. */
final class CaseRuns {
    private CaseRuns() { }

    static void matchTheReferenceAndRepeat(OpCase c, Device device, Plan plan, Precision precision) {
        try (ReferenceDevice reference = new ReferenceDevice(); Executable e = device.load(plan);
                ReferenceExecutable expected = (ReferenceExecutable) reference.load(reference.plan(c.graph()))) {
            c.fill(expected);
            expected.run();
            List<float[]> first = runAndRead(c, e);
            List<String> problems = c.deviations(e, expected, precision).stream().flatMap(d -> d.violation().stream()).toList();
            assertTrue(problems.isEmpty(), () -> c + "\n" + String.join("\n", problems));
            List<float[]> second = runAndRead(c, e);
            for (int i = 0; i < first.size(); i++) {
                assertArrayEquals(first.get(i), second.get(i), "the same bits each time");
            }
        }
    }

    private static List<float[]> runAndRead(OpCase c, Executable e) {
        c.fill(e);
        e.run();
        return c.compared().stream().map(v -> OpCase.read(e, v)).toList();
    }
}
