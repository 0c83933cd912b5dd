package sirocco.api;

import java.util.List;
import java.util.Locale;

/** Writes a plan for people. */
final class PlanDump {
    private PlanDump() { }

    static String of(Plan plan) {
        StringBuilder s = new StringBuilder();
        Graph graph = plan.graph();
        s.append(plan.summary()).append('\n');
        for (Value.Role role : List.of(Value.Role.INPUT, Value.Role.PARAMETER, Value.Role.STATE)) {
            List<Value> values = graph.withRole(role);
            long total = values.stream().mapToLong(v -> plan.slot(v).bytes()).sum();
            s.append('\n').append(role.name().toLowerCase(Locale.ROOT)).append(": ").append(values.size()).append(" values, ").append(bytes(total)).append('\n');
            for (Value v : values) {
                s.append("  ").append(placed(plan, v)).append('\n');
            }
        }
        s.append("\nsteps\n");
        for (int i = 0; i < graph.steps().size(); i++) {
            Step step = graph.steps().get(i);
            Op op = step.op();
            s.append("%5d  %-24s %s%n".formatted(i, op.kind(), step.name()));
            if (!plan.notes()[i].isEmpty()) {
                s.append("         ").append(plan.notes()[i]).append('\n');
            }
            if (op.flops() > 0 || plan.scratchBytes()[i] > 0) {
                s.append(String.format(Locale.ROOT, "         %.3f GFLOP", op.flops() * 1e-9));
                if (plan.scratchBytes()[i] > 0) {
                    s.append(", scratch ").append(bytes(plan.scratchBytes()[i])).append(" @").append(plan.scratch()[i]);
                }
                s.append('\n');
            }
            list(s, plan, "reads", op.inputs());
            list(s, plan, "writes", op.outputs());
            list(s, plan, "updates", op.updates());
        }
        return s.toString();
    }

    private static void list(StringBuilder s, Plan plan, String what, List<Value> values) {
        int shown = Math.min(values.size(), 8);
        for (int i = 0; i < shown; i++) {
            s.append("         %-7s %s%n".formatted(i == 0 ? what : "", placed(plan, values.get(i))));
        }
        if (shown < values.size()) {
            s.append("                 … and %d more%n".formatted(values.size() - shown));
        }
    }

    private static String placed(Plan plan, Value v) {
        Plan.Slot slot = plan.slot(v);
        return v + "  " + (slot.region() == Plan.Region.ARENA ? "arena" : "persistent") + " @" + slot.offset() + " " + bytes(slot.bytes());
    }

    static String bytes(long n) {
        if (n < 1024) {
            return n + " B";
        }
        double x = n;
        String unit = "B";
        for (String u : List.of("KiB", "MiB", "GiB", "TiB")) {
            if (x < 1024) {
                break;
            }
            x /= 1024;
            unit = u;
        }
        return String.format(Locale.ROOT, x < 10 ? "%.2f %s" : "%.1f %s", x, unit);
    }
}
