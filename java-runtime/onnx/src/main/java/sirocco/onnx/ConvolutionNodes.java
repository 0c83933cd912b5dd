package sirocco.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.Axis;
import sirocco.api.Convolution;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.onnx.proto.AttributeProto;

/** Writes convolutions, in NCHW, and linear layers, as matrix products over the last axis. */
final class ConvolutionNodes {
    private final Writer w;

    ConvolutionNodes(Writer w) {
        this.w = w;
    }

    void forward(Convolution.Conv2d op) {
        Order order = Linear.is(op) ? Order.NHWC : Order.NCHW;
        String y = Linear.is(op) ? linear(op) : convolution(op);
        for (Optional<Value> addend : List.of(op.perChannel(), op.residual())) {
            if (addend.isPresent()) {
                y = w.nodes.node("Add", y, w.tensors.in(addend.get(), order));
            }
        }
        w.tensors.define(op.y(), order, y);
    }

    private String linear(Convolution.Conv2d op) {
        String y = w.nodes.node("MatMul", w.tensors.in(op.x(), Order.NHWC), w.tensors.reduced(op.w(), List.of(Axis.C, Axis.N)));
        return op.bias().isPresent() ? w.nodes.node("Add", y, w.tensors.reduced(op.bias().get(), List.of(Axis.C))) : y;
    }

    private String convolution(Convolution.Conv2d op) {
        List<String> inputs = new ArrayList<>(List.of(w.tensors.in(op.x(), Order.NCHW), w.tensors.in(op.w(), Order.NCHW)));
        op.bias().ifPresent(b -> inputs.add(w.tensors.reduced(b, List.of(Axis.C))));
        return w.nodes.node("Conv", inputs, kernel(op.window()), strides(op.window()), pads(op.window()));
    }

    /** dx is the transposed convolution of dy with the same weights. */
    void backwardData(Convolution.Conv2dBackwardData op) {
        Window window = op.window();
        long h = rest(op.dx().shape().h() + window.top() + window.bottom() - window.kernelH(), op.dy().shape().h(), window);
        long v = rest(op.dx().shape().w() + window.left() + window.right() - window.kernelW(), op.dy().shape().w(), window);
        w.tensors.define(op.dx(), Order.NCHW, w.nodes.node("ConvTranspose", List.of(w.tensors.in(op.dy(), Order.NCHW), w.tensors.in(op.w(), Order.NCHW)),
                kernel(window), strides(window), pads(window), AttributeProto.of("output_padding", new long[] {h, v})));
    }

    /** Rows of x beyond the last one that a kernel starts at. */
    private static long rest(int starts, int outputs, Window window) {
        return starts - (long) (outputs - 1) * window.stride();
    }

    private static AttributeProto kernel(Window window) {
        return AttributeProto.of("kernel_shape", new long[] {window.kernelH(), window.kernelW()});
    }

    private static AttributeProto strides(Window window) {
        return AttributeProto.of("strides", new long[] {window.stride(), window.stride()});
    }

    private static AttributeProto pads(Window window) {
        return AttributeProto.of("pads", new long[] {window.top(), window.left(), window.bottom(), window.right()});
    }
}
