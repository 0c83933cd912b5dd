package sirocco.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.Movement;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.onnx.proto.AttributeProto;
import sirocco.onnx.proto.ElementType;

/** Writes movements. Permutations and most reshapes only rename axes. */
final class MovementNodes {
    private final Writer w;

    MovementNodes(Writer w) {
        this.w = w;
    }

    void concat(Movement.Concat op) {
        Order o = w.order(op.y(), List.of(op.a(), op.b()));
        w.tensors.define(op.y(), o, w.nodes.node("Concat", List.of(w.tensors.in(op.a(), o), w.tensors.in(op.b(), o)),
                AttributeProto.of("axis", o.position(op.axis()))));
    }

    /** @param from where it starts, which may depend on the batch size */
    void slice(Movement.Slice op, Dim from) {
        Order o = w.order(op.y(), List.of(op.x()));
        Dim end = from.plus(w.dims(op.y()).at(op.axis()));
        w.tensors.define(op.y(), o, w.nodes.node("Slice", List.of(w.tensors.in(op.x(), o), w.sizes.vector(List.of(from)), w.sizes.vector(List.of(end)),
                w.nodes.vector(List.of((long) o.position(op.axis()))))));
    }

    void repeat(Step step, Movement.Repeat op) {
        Order o = w.order(op.y(), List.of(op.x()));
        List<Dim> times = new ArrayList<>();
        for (Axis axis : o.axes()) {
            Dim all = w.dims(op.y()).at(axis);
            Dim one = w.dims(op.x()).at(axis);
            times.add(all.over(one).orElseThrow(() -> new FreeBatchException(step, "it repeats " + one + " elements to " + all)));
        }
        w.tensors.define(op.y(), o, w.nodes.node("Tile", w.tensors.in(op.x(), o), w.sizes.vector(times)));
    }

    void permute(Movement.Permute op) {
        if (w.tensors.orders(op.x()).isEmpty()) {
            w.tensors.in(op.x(), Order.NHWC);
        }
        for (Order o : w.tensors.orders(op.x())) {
            w.tensors.define(op.y(), o.renamed(op.order()), w.tensors.in(op.x(), o));
        }
    }

    void reshape(Movement.Reshape op) {
        Dims from = w.dims(op.x());
        Dims to = w.dims(op.y());
        Optional<Order> wish = w.wishes.of(op.y());
        Order source = null;
        for (Order o : w.tensors.orders(op.x())) {
            Optional<Order> result = o.reshaped(from, to);
            boolean wished = result.isPresent() && wish.isPresent() && wish.get().same(result.get(), to);
            if (result.isPresent() && (source == null || wished)) {
                source = o;
            }
        }
        if (source == null) {
            source = wish.flatMap(o -> o.reshaped(to, from)).filter(o -> o.reshaped(from, to).isPresent()).orElse(Order.NHWC);
        }
        Order result = source.reshaped(from, to).orElseThrow();
        String x = w.tensors.in(op.x(), source);
        boolean alike = from.in(source).equals(to.in(result));
        w.tensors.define(op.y(), result, alike ? x : w.nodes.node("Reshape", x, w.sizes.target(to.in(result))));
    }

    /** A ramp that is no constant: its length depends on the batch size, or is enormous. */
    void ramp(Movement.Ramp op) {
        Dims d = w.dims(op.y());
        String numbers = w.nodes.node("Range", List.of(w.nodes.whole(0), w.sizes.scalar(d.at(op.axis())), w.nodes.whole(1)));
        String ramp = w.nodes.node("Cast", numbers, AttributeProto.of("to", ElementType.FLOAT.number()));
        ramp = w.nodes.node("Add", w.nodes.node("Mul", ramp, w.nodes.scalar(op.step())), w.nodes.scalar(op.start()));
        List<Long> alone = new ArrayList<>(List.of(1L, 1L, 1L, 1L));
        alone.set(op.axis().ordinal(), -1L);
        ramp = w.nodes.node("Reshape", ramp, w.nodes.vector(alone));
        w.tensors.define(op.y(), Order.NHWC, w.nodes.node("Expand", ramp, w.sizes.vector(d.in(Order.NHWC))));
    }

    void gatherImages(Movement.GatherImages op) {
        String dataset = w.tensors.in(op.dataset(), Order.NHWC);
        w.tensors.define(op.images(), Order.NHWC, rows(dataset, op.ids()));
    }

    /** Writes the rows of a table that I32 ids [n,1,1,1] point at. */
    private String rows(String table, Value ids) {
        return w.nodes.node("Gather", List.of(table, w.tensors.reduced(ids, List.of(Axis.N))), AttributeProto.of("axis", 0));
    }

    // ---- mapped without a decomposition ----------------------------------------------------------------------------------------

    void upsample(Movement.Upsample op) {
        String scales = w.nodes.floats(1, 1, 2, 2);
        w.tensors.define(op.y(), Order.NCHW, w.nodes.node("Resize", List.of(w.tensors.in(op.x(), Order.NCHW), "", scales), AttributeProto.of("mode", "nearest"),
                AttributeProto.of("coordinate_transformation_mode", "asymmetric"), AttributeProto.of("nearest_mode", "floor")));
    }

    void averagePool(Movement.AveragePool op) {
        long k = op.k();
        w.tensors.define(op.y(), Order.NCHW, w.nodes.node("AveragePool", List.of(w.tensors.in(op.x(), Order.NCHW)),
                AttributeProto.of("kernel_shape", new long[] {k, k}), AttributeProto.of("strides", new long[] {k, k})));
    }
}
