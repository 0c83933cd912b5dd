package sirocco.onnx;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Conditioning;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Value;
import sirocco.onnx.proto.AttributeProto;
import sirocco.onnx.proto.ElementType;
import sirocco.onnx.proto.TensorProto;

/** Writes what looks up rows of tables: embeddings, coefficients, losses by class. */
final class TableNodes {
    private static final double HALF_RANGE = 127.5;
    private static final List<Axis> IMAGE_AND_PIXEL = List.of(Axis.N, Axis.H, Axis.W);

    private final Writer w;

    TableNodes(Writer w) {
        this.w = w;
    }

    void embedding(Conditioning.Embedding op) {
        String rows = w.nodes.node("Gather", List.of(w.tensors.reduced(op.table(), List.of(Axis.N, Axis.C)), w.tensors.reduced(op.ids(), IMAGE_AND_PIXEL)),
                AttributeProto.of("axis", 0));
        w.tensors.define(op.y(), Order.NHWC, rows);
    }

    void combine(Diffusion.Combine op) {
        int outputs = op.y().size();
        int inputs = op.x().size();
        // One scalar, or one for each image, per coefficient: [rows or 1, outputs·inputs, 1, 1, 1].
        String row = row(w.tensors.in(op.table(), Order.NHWC), op.row());
        Dim rows = w.dims(op.row()).at(Axis.N);
        String coefficients = w.nodes.node("Reshape", row, w.sizes.target(List.of(rows, Dim.of((long) outputs * inputs), Dim.ONE, Dim.ONE, Dim.ONE)));
        Order o = w.order(op.y().getFirst(), op.x());
        Order order = o.position(Axis.N) == 0 || rows.isOne() ? o : Order.NHWC;
        List<String> x = op.x().stream().map(v -> w.tensors.in(v, order)).toList();
        for (int j = 0; j < outputs; j++) {
            String sum = null;
            for (int k = 0; k < inputs; k++) {
                String coefficient = column(coefficients, j * inputs + k);
                String term = w.nodes.node("Mul", x.get(k), coefficient);
                sum = sum == null ? term : w.nodes.node("Add", sum, term);
            }
            w.tensors.define(op.y().get(j), order, sum);
        }
    }

    void lookup(Diffusion.Lookup op) {
        Dims table = w.dims(op.table());
        Dim columns = table.at(Axis.H).times(table.at(Axis.W)).times(table.at(Axis.C));
        String rows = w.nodes.node("Reshape", w.tensors.in(op.table(), Order.NHWC), w.sizes.target(List.of(table.at(Axis.N), columns)));
        String row = row(column(rows, op.column()), op.row());
        Dims y = w.dims(op.y());
        Dims given = w.dims(op.row());
        String number = w.nodes.node("Reshape", row, w.sizes.target(given.in(Order.NHWC)));
        boolean alike = given.at(Axis.N).equals(y.at(Axis.N));
        w.tensors.define(op.y(), Order.NHWC, alike ? number : w.nodes.node("Expand", number, w.sizes.vector(y.in(Order.NHWC))));
    }

    void crossEntropy(Loss.CrossEntropy op) {
        String logs = w.nodes.node("LogSoftmax", w.tensors.in(op.logits(), Order.NHWC), AttributeProto.of("axis", -1));
        String chosen = w.nodes.node("GatherElements", List.of(logs, w.tensors.in(op.labels(), Order.NHWC)), AttributeProto.of("axis", -1));
        w.tensors.define(op.loss(), Order.NHWC, w.nodes.node("Neg", w.nodes.node("ReduceMean", chosen)));
    }

    void crossEntropyBackward(Loss.CrossEntropyBackward op) {
        int classes = op.logits().shape().c();
        String numbers = w.nodes.unused(w.nodes.path() + "/classes");
        int[] all = new int[classes];
        for (int i = 0; i < classes; i++) {
            all[i] = i;
        }
        w.nodes.initializer(TensorProto.of(numbers, List.of((long) classes), all));
        String oneHot = w.nodes.node("Cast", w.nodes.node("Equal", w.tensors.in(op.labels(), Order.NHWC), numbers),
                AttributeProto.of("to", ElementType.FLOAT.number()));
        String difference = w.nodes.node("Sub", w.nodes.node("Softmax", w.tensors.in(op.logits(), Order.NHWC), AttributeProto.of("axis", -1)), oneHot);
        Dim pixels = w.dims(op.labels()).elements();
        w.tensors.define(op.dLogits(), Order.NHWC, w.nodes.node("Div", difference, w.sizes.number(pixels)));
    }

    /** Pixels that are not mirrored. */
    void pixels(Diffusion.Pixels op) {
        Order o = w.order(op.x0(), List.of(op.images()));
        String numbers = w.nodes.node("Cast", w.tensors.in(op.images(), o), AttributeProto.of("to", ElementType.FLOAT.number()));
        w.tensors.define(op.x0(), o, w.nodes.node("Sub", w.nodes.node("Div", numbers, w.nodes.scalar(HALF_RANGE)), w.nodes.scalar(1)));
    }

    /** The rows of a table that I32 [n,1,1,1] point at. */
    private String row(String table, Value rows) {
        return w.nodes.node("Gather", List.of(table, w.tensors.reduced(rows, List.of(Axis.N))), AttributeProto.of("axis", 0));
    }

    /** One column, without its axis. */
    private String column(String table, int number) {
        return w.nodes.node("Gather", List.of(table, w.nodes.whole(number)), AttributeProto.of("axis", 1));
    }
}
