package sirocco.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Settings.Precision;
import sirocco.api.Value;
import sirocco.testkit.OpCase;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;

/** An op case on a device: against the double-precision reference, and twice for the same bits. */
final class CaseCheck {
    private final ReferenceDevice reference = new ReferenceDevice();
    /** After their runs. Several variants compute a case, and the reference takes longer than all of them. */
    private final Map<OpCase, ReferenceExecutable> references = new IdentityHashMap<>();

    private ReferenceExecutable expected(OpCase c) {
        return references.computeIfAbsent(c, _ -> {
            ReferenceExecutable e = (ReferenceExecutable) reference.load(reference.plan(c.graph()));
            c.fill(e);
            e.run();
            return e;
        });
    }

    Deviations run(OpCase c, Device device, Precision precision) {
        Deviations found = new Deviations();
        try (Executable e = device.load(device.plan(c.graph()))) {
            ReferenceExecutable expected = expected(c);
            c.fill(e);
            e.run();
            for (Tolerance.Deviation d : c.deviations(e, expected, precision)) {
                found.add(d.share(), d.violation().orElse(null));
            }
            List<int[]> first = bits(c, e);
            c.fillWith(e, Float.NaN);
            e.run(); // leaves NaNs in whatever memory a second run might read before it writes
            c.fill(e);
            e.run();
            List<int[]> second = bits(c, e);
            for (int i = 0; i < first.size(); i++) {
                int at = Arrays.mismatch(first.get(i), second.get(i));
                if (at >= 0) {
                    found.add(Double.POSITIVE_INFINITY, c.compared().get(i) + ": another run on the same data gave other bits, first at element " + at
                            + ": " + Float.intBitsToFloat(second.get(i)[at]) + ", was " + Float.intBitsToFloat(first.get(i)[at]));
                }
            }
        }
        return found;
    }

    private static List<int[]> bits(OpCase c, Executable e) {
        List<int[]> all = new ArrayList<>();
        for (Value v : c.compared()) {
            float[] floats = OpCase.read(e, v);
            int[] bits = new int[floats.length];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = Float.floatToIntBits(floats[i]);
            }
            all.add(bits);
        }
        return all;
    }
}
