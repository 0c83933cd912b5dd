package sirocco.sample;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sirocco.api.Executable;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.StepTrace;
import sirocco.api.Value;

/** Where the time of a plan goes: its steps, timed one by one in trace mode and gathered by op, shape and algorithm. */
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

    /** Traces {@code rounds} runs after one that is not counted. Slowest rows first. */
    public static List<Row> of(Executable executable, int rounds) {
        Map<Key, List<Long>> nanos = new LinkedHashMap<>();
        Map<Key, Integer> counts = new LinkedHashMap<>();
        Map<Key, Long> flops = new LinkedHashMap<>();
        Map<Key, Long> bytes = new LinkedHashMap<>();
        for (int round = -1; round < rounds; round++) {
            Map<Key, Long> sums = new LinkedHashMap<>();
            boolean first = round == -1;
            executable.trace(t -> {
                Key key = key(t);
                sums.merge(key, t.nanos(), Long::sum);
                if (first) {
                    counts.merge(key, 1, Integer::sum);
                    flops.merge(key, t.step().op().flops(), Long::sum);
                    bytes.merge(key, t.step().op().bytes(v -> executable.plan().slot(v).bytes()), Long::sum);
                }
            });
            if (!first) {
                sums.forEach((key, sum) -> nanos.computeIfAbsent(key, k -> new ArrayList<>()).add(sum));
            }
        }
        List<Row> rows = new ArrayList<>();
        nanos.forEach((key, all) -> {
            all.sort(null);
            rows.add(new Row(key.kind, key.shape, key.algorithm, counts.get(key), all.get(all.size() / 2), flops.get(key), bytes.get(key)));
        });
        rows.sort(Comparator.comparingLong(Row::nanos).reversed());
        return rows;
    }

    private static Key key(StepTrace t) {
        Op op = t.step().op();
        String shape = switch (op) {
            case Op.Conv2d c -> conv(c.x(), c.w(), c.window().toString());
            case Op.Conv2dBackwardData c -> conv(c.dx(), c.w(), c.window().toString());
            case Op.Conv2dBackwardWeights c -> conv(c.x(), c.dw(), c.window().toString());
            default -> op.inputs().isEmpty() ? "" : op.inputs().getFirst().shape().toString();
        };
        return new Key(op.kind(), shape, t.algorithm());
    }

    private static String conv(Value x, Value w, String window) {
        Shape s = x.shape();
        return "[" + s.n() + "," + s.h() + "," + s.w() + "," + s.c() + "] → " + w.shape().n() + ", " + window;
    }
}
