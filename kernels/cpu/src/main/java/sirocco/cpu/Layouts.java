package sirocco.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.Attention;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Movement;
import sirocco.api.Op;
import sirocco.api.Operand;
import sirocco.api.OperandRole;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;

/**
 * Chooses the layout of every F32 value of a graph.
 *
 * <p>A value of less than a block's channels is dense. Of the others, a temporary lies as the step that writes it does: in blocks or dense if the kernel can
 * write nothing else ({@link Demand}); as what it reads lies where the kernel can do both; and where that lies differently, as most of those that read the
 * result need it ({@link Readers}). So a chain of steps stays in the layout that it began with. A persistent value is dense if it is anything but an
 * activation to some step, else as its readers need it, else as the first step that reads it does. Weights and what goes with them, tables, scalars and saved
 * statistics are therefore dense. Blocks have a halo where a convolution larger than 1×1 reads them.
 *
 * <p>Each choice depends on what came before and on the readers' demands, which count through copies. So a copy to the other layout, which {@link
 * LayoutCopies} inserts, changes no choice but its own: a copy lies the other way than its source. The layouts of a graph with its copies are therefore those
 * that they were inserted for.
 */
final class Layouts {
    private static final int HALO = 1;

    private final Layout[] of;
    private final boolean[] blocks;
    private final boolean[] known;
    private final boolean[] haloed;
    private final Readers readers;
    /** Whether the step's operands that must be alike lie in blocks. */
    private final boolean[] alikeInBlocks;

    /** @throws IllegalArgumentException naming a value that is larger than an array can be */
    Layouts(Graph graph) {
        int values = graph.values().size();
        of = new Layout[values];
        blocks = new boolean[values];
        known = new boolean[values];
        haloed = new boolean[values];
        alikeInBlocks = new boolean[graph.steps().size()];
        readers = new Readers(graph);
        boolean[] elementwise = new boolean[values];
        boolean[] dense = new boolean[values];
        for (Step step : graph.steps()) {
            for (Operand o : step.op().operands()) {
                int id = o.value().id();
                Demand demand = Demand.of(step.op(), o);
                elementwise[id] |= o.role() == OperandRole.ACTIVATION || demand == Demand.ALIKE;
                dense[id] |= o.role() != OperandRole.ACTIVATION && demand == Demand.DENSE;
            }
            for (Value v : readWithHalo(step.op())) {
                haloed[v.id()] = true;
            }
        }
        for (Value v : graph.values()) {
            if (v.persistent() && (dense[v.id()] || readers.of(v) != 0)) {
                decide(v, !dense[v.id()] && readers.of(v) > 0);
            }
        }
        for (int i = 0; i < alikeInBlocks.length; i++) {
            visit(i, graph.steps().get(i).op());
        }
        for (Value v : graph.values()) {
            if (v.dtype() != DType.F32) {
                addressable(v, v.shape().elements());
            } else {
                Shape s = v.shape();
                boolean inBlocks = blocks[v.id()] || elementwise[v.id()] && eitherWay(s);
                of[v.id()] = addressable(v, inBlocks ? Layout.of(s.n(), s.h(), s.w(), s.c(), blocks[v.id()] && haloed[v.id()] ? HALO : 0)
                        : Layout.plain(s.n(), s.h(), s.w(), s.c()));
            }
        }
    }

    // ---- choices ---------------------------------------------------------------------------------------------------------------

    private void visit(int step, Op op) {
        List<Operand> operands = op.operands();
        alikeInBlocks[step] = alikeInBlocks(op, operands);
        for (Operand o : operands) {
            Value v = o.value();
            if (known[v.id()] || v.dtype() != DType.F32) {
                continue;
            }
            switch (Demand.of(op, o)) {
                case DENSE -> decide(v, false);
                case BLOCKS -> decide(v, true);
                case ALIKE -> decide(v, alikeInBlocks[step]);
                case ANY -> {
                    if (o.access() == Operand.Access.WRITTEN) {
                        decide(v, followed(op, v));
                    }
                }
            }
        }
    }

    /**
     * What is updated in place decides. Else what is read does if all of it lies alike; if not, those who read the result; and if they do not care, what is
     * read first. Blocks if nothing is known. Values whose order is the same either way count only where there are no others.
     */
    private boolean alikeInBlocks(Op op, List<Operand> operands) {
        List<Value> read = new ArrayList<>();
        for (Operand o : operands) {
            Value v = o.value();
            if (Demand.of(op, o) == Demand.ALIKE && known[v.id()] && v.shape().c() >= Layout.BLOCK) {
                if (o.access() == Operand.Access.UPDATED) {
                    return blocks[v.id()];
                }
                if (o.access() == Operand.Access.READ) {
                    read.add(v);
                }
            }
        }
        if (!read.stream().allMatch(v -> eitherWay(v.shape()))) {
            read.removeIf(v -> eitherWay(v.shape()));
        }
        long inBlocks = read.stream().filter(v -> blocks[v.id()]).count();
        if (!read.isEmpty() && (inBlocks == 0 || inBlocks == read.size())) {
            return inBlocks > 0;
        }
        int wanted = readers.ofResults(op);
        return wanted > 0 || wanted == 0 && (read.isEmpty() || blocks[read.getFirst().id()]);
    }

    private void decide(Value v, boolean inBlocks) {
        known[v.id()] = true;
        blocks[v.id()] = inBlocks;
    }

    /** How a value lies that its step can write either way. */
    private boolean followed(Op any, Value written) {
        return switch (any) {
            // A copy is there to lie the other way.
            case Movement.Reshape op when op.x().shape().equals(op.y().shape()) -> !blocks[op.x().id()];
            case Movement.Reshape op -> blocks[op.x().id()];
            case Movement.Slice op -> blocks[op.x().id()];
            case Movement.Concat op -> op.a().shape().c() >= Layout.BLOCK ? blocks[op.a().id()] : op.b().shape().c() < Layout.BLOCK || blocks[op.b().id()];
            case Attention.Forward op -> blocks[op.q().id()];
            case Attention.Backward op -> blocks[(written == op.dq() ? op.q() : written == op.dk() ? op.k() : op.v()).id()];
            default -> throw new IllegalStateException("cpu: how " + any.kind() + " writes " + written + " is not decided");
        };
    }

    /** Whether dense order is that of blocks without a halo, too. */
    private static boolean eitherWay(Shape s) {
        return s.c() % Layout.BLOCK == 0 && (s.c() == Layout.BLOCK || s.h() * s.w() == 1);
    }

    // ---- answers ---------------------------------------------------------------------------------------------------------------

    /** Whether an operand lies as its step needs it. */
    boolean suits(int step, Op op, Operand o) {
        Value v = o.value();
        if (v.dtype() != DType.F32 || v.shape().c() < Layout.BLOCK) {
            return true;
        }
        boolean inBlocks = blocks[v.id()];
        boolean both = eitherWay(v.shape()) && !haloed[v.id()];
        return switch (Demand.of(op, o)) {
            case DENSE -> !inBlocks || both;
            case BLOCKS -> inBlocks || both;
            case ALIKE -> inBlocks == alikeInBlocks[step] || both;
            case ANY -> true;
        };
    }

    private static Layout addressable(Value v, Layout layout) {
        addressable(v, layout.floats());
        return layout;
    }

    private static void addressable(Value v, long elements) {
        if (elements > Memory.LARGEST_ARRAY) {
            throw new IllegalArgumentException("cpu: " + v + " takes " + elements + " elements, and a Java array holds " + Memory.LARGEST_ARRAY
                    + " at most; use a smaller batch, smaller images or a smaller dataset");
        }
    }

    /** An F32 value's layout. */
    Layout of(Value v) {
        return of[v.id()];
    }

    /** The layouts of several F32 values. */
    Layout[] of(List<Value> values) {
        return values.stream().map(this::of).toArray(Layout[]::new);
    }

    /** Null if there is no value. */
    Layout of(Optional<Value> v) {
        return v.isPresent() ? of(v.get()) : null;
    }

    /** Bytes of a value of any type. */
    long bytes(Value v) {
        return v.dtype() == DType.F32 ? of(v).floats() * Float.BYTES : v.shape().elements() * v.dtype().bytes();
    }

    /** What a convolution reads beyond its edges. */
    private static List<Value> readWithHalo(Op op) {
        return switch (op) {
            case Convolution.Conv2d o when larger(o.w().shape()) -> List.of(o.x());
            case Convolution.Conv2dBackwardData o when larger(o.w().shape()) -> List.of(o.dy());
            case Convolution.Conv2dBackwardWeights o when larger(o.dw().shape()) -> List.of(o.x());
            default -> List.of();
        };
    }

    private static boolean larger(Shape kernel) {
        return kernel.h() > 1 || kernel.w() > 1;
    }
}
