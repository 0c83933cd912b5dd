package sirocco.cpu;

import java.util.List;
import sirocco.api.Attention;
import sirocco.api.Graph;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Operand;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * How the steps that read a value need it to lie: the number of those that need it in blocks less the number of those that need it dense. A step that can read it
 * either way counts as most of its result's readers do. A copy's readers are its source's, so that copies change no count.
 */
final class Readers {
    private final int[] count;

    Readers(Graph graph) {
        count = new int[graph.values().size()];
        List<Step> steps = graph.steps();
        for (Step step : steps.reversed()) {
            Op op = step.op();
            for (Operand o : op.operands()) {
                if (o.access() == Operand.Access.READ) {
                    count[o.value().id()] += need(op, o);
                }
            }
        }
    }

    private int need(Op any, Operand o) {
        return switch (Demand.of(any, o)) {
            case BLOCKS -> 1;
            case DENSE -> -1;
            case ALIKE -> ofResults(any);
            case ANY -> switch (any) {
                case Movement.Reshape op when op.x().shape().equals(op.y().shape()) -> count[op.y().id()];
                case Attention _ -> 0;
                default -> ofResults(any);
            };
        };
    }

    /** 1 if most of a value's readers need it in blocks, −1 if they need it dense, 0 if they do not care. */
    int of(Value v) {
        return Integer.signum(count[v.id()]);
    }

    /** The same of what an op writes either way. */
    int ofResults(Op op) {
        int sum = 0;
        for (Operand o : op.operands()) {
            Demand demand = Demand.of(op, o);
            if (o.access() == Operand.Access.WRITTEN && (demand == Demand.ALIKE || demand == Demand.ANY) && o.value().shape().c() >= Layout.BLOCK) {
                sum += of(o.value());
            }
        }
        return Integer.signum(sum);
    }
}
