package sirocco.onnx;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.Normalization;
import sirocco.api.UnaryFunction;
import sirocco.onnx.proto.AttributeProto;

/** Writes normalizations by ONNX's operators for them. */
final class NormalizationNodes {
    private final Writer w;
    private final PointwiseNodes pointwise;

    NormalizationNodes(Writer w, PointwiseNodes pointwise) {
        this.w = w;
        this.pointwise = pointwise;
    }

    /** A group is an instance of as many elements: [n, c, h, w] → [n, groups, c/groups·h·w]. Scale and shift of each channel follow. */
    void groupNorm(Normalization.GroupNorm op) {
        Dims d = w.dims(op.x());
        List<Dim> shape = d.in(Order.NCHW);
        Dim group = d.at(Axis.C).times(d.at(Axis.H)).times(d.at(Axis.W)).over(Dim.of(op.groups())).orElseThrow();
        String grouped = w.nodes.node("Reshape", w.tensors.in(op.x(), Order.NCHW), w.sizes.target(List.of(d.at(Axis.N), Dim.of(op.groups()), group)));
        String normal = w.nodes.node("InstanceNormalization", List.of(grouped, filled(op.groups(), 1), filled(op.groups(), 0)),
                AttributeProto.of("epsilon", op.eps()));
        String y = w.nodes.node("Reshape", normal, w.sizes.target(shape));
        y = w.nodes.node("Mul", y, w.tensors.in(op.gamma(), Order.NCHW));
        y = w.nodes.node("Add", y, w.tensors.in(op.beta(), Order.NCHW));
        w.tensors.define(op.y(), Order.NCHW, op.silu() ? pointwise.of(UnaryFunction.SILU, y) : y);
    }

    void layerNorm(Normalization.LayerNorm op) {
        Order order = w.tensors.orders(op.x()).stream().filter(o -> o.axes().getLast() == Axis.C).findFirst().orElse(Order.NHWC);
        int channels = op.x().shape().c();
        String gamma = op.gamma().isPresent() ? w.tensors.reduced(op.gamma().get(), List.of(Axis.C)) : filled(channels, 1);
        Optional<String> beta = op.beta().map(b -> w.tensors.reduced(b, List.of(Axis.C)));
        String x = w.tensors.in(op.x(), order);
        w.tensors.define(op.y(), order, w.nodes.node("LayerNormalization", beta.isPresent() ? List.of(x, gamma, beta.get()) : List.of(x, gamma),
                AttributeProto.of("axis", -1), AttributeProto.of("epsilon", op.eps())));
    }

    private String filled(int count, float value) {
        float[] all = new float[count];
        Arrays.fill(all, value);
        return w.nodes.floats(all);
    }
}
