package sirocco.sample;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sirocco.api.Convolution;
import sirocco.api.Executable;
import sirocco.api.Op;
import sirocco.api.Plan;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;

/** Where the time of a plan goes: its steps, timed one by one and gathered by op, shape and algorithm. */
public final class Profile {
    /**
     * One row.
     *
     * @param kind the op
     * @param shape of what it works on, for people
     * @param count how many steps of the plan
     * @param nanos of all of them together, the median over the rounds
     * @param flops of all of them together
     * @param bytes that all of them together must move, as their operands are stored
     */
    public record Row(String kind, String shape, String algorithm, int count, long nanos, long flops, long bytes) { }

    private record Key(String kind, String shape, String algorithm) { }

    private Profile() { }

    /** Times {@code rounds} runs after one that is not counted. Slowest rows first. */
    public static List<Row> of(Executable executable, int rounds) {
        Plan plan = executable.plan();
        List<Step> steps = plan.graph().steps();
        Map<Key, List<Integer>> gathered = new LinkedHashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            gathered.computeIfAbsent(key(steps.get(i).op(), plan.notes()[i]), _ -> new ArrayList<>()).add(i);
        }
        long[][] nanos = new long[rounds][steps.size()];
        executable.time(new long[steps.size()]);
        for (long[] round : nanos) {
            executable.time(round);
        }
        List<Row> rows = new ArrayList<>();
        gathered.forEach((key, numbers) -> {
            long[] sums = Arrays.stream(nanos).mapToLong(round -> numbers.stream().mapToLong(i -> round[i]).sum()).sorted().toArray();
            rows.add(new Row(key.kind, key.shape, key.algorithm, numbers.size(), sums[rounds / 2],
                    numbers.stream().mapToLong(i -> steps.get(i).op().flops()).sum(),
                    numbers.stream().mapToLong(i -> steps.get(i).op().bytes(v -> plan.slot(v).bytes())).sum()));
        });
        rows.sort(Comparator.comparingLong(Row::nanos).reversed());
        return rows;
    }

    private static Key key(Op op, String algorithm) {
        String shape = switch (op) {
            case Convolution.Conv2d c -> conv(c.x(), c.w(), c.window().toString());
            case Convolution.Conv2dBackwardData c -> conv(c.dx(), c.w(), c.window().toString());
            case Convolution.Conv2dBackwardWeights c -> conv(c.x(), c.dw(), c.window().toString());
            default -> op.inputs().isEmpty() ? "" : op.inputs().getFirst().shape().toString();
        };
        return new Key(op.kind(), shape, algorithm);
    }

    private static String conv(Value x, Value w, String window) {
        Shape s = x.shape();
        return "[" + s.n() + "," + s.h() + "," + s.w() + "," + s.c() + "] → " + w.shape().n() + ", " + window;
    }
}
