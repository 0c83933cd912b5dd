package sirocco.cpu;

import sirocco.api.Convolution;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.cpu.conv.ConvBackwardData;
import sirocco.cpu.conv.ConvBackwardWeights;
import sirocco.cpu.conv.ConvForward;
import sirocco.cpu.conv.ConvRule;
import sirocco.cpu.conv.ConvShape;
import sirocco.cpu.pointwise.Convert;

/** Makes the kernels of the three passes of a convolution. */
final class ConvKernels {
    private final Layouts layouts;
    private final Workers workers;
    private final ConvRule rule = ConvRule.fromProperties();

    ConvKernels(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
    }

    Kernel forward(Convolution.Conv2d op) {
        ConvForward kernel = new ConvForward(shape(op.x(), op.w(), op.window()), layouts.of(op.x()), layouts.of(op.y()),
                layouts.of(op.residual()), workers, rule);
        long scratchFloats = kernel.scratchFloats();
        // The kernel reads perChannel in blocks; a plain one, of less than a block's channels, is copied behind its scratch.
        Layout given = layouts.of(op.perChannel());
        Layout blocked = given == null || given.blocked() ? null : Layout.blocked(given.n(), 1, 1, given.c(), 0);
        Convert convert = blocked == null ? null : new Convert(given, blocked, workers);
        return new Kernel(scratchFloats + (blocked == null ? 0 : blocked.floats()), kernel.toString(), op.w(), kernel.preparedFloats(),
                (m, scratch, prepared) -> {
                    Slice x = m.at(op.x());
                    Slice w = m.at(op.w());
                    Slice bias = m.at(op.bias());
                    Slice perChannel = m.at(op.perChannel());
                    Slice residual = m.at(op.residual());
                    Slice y = m.at(op.y());
                    Runnable prepare = () -> kernel.prepare(w, prepared);
                    if (convert == null) {
                        return new Kernel.Bound(() -> kernel.run(x, prepared, y, bias, perChannel, residual, scratch), prepare);
                    }
                    Slice copy = new Slice(scratch.array(), Math.toIntExact(scratch.offset() + scratchFloats));
                    return new Kernel.Bound(() -> {
                        convert.run(perChannel.array(), perChannel.offset(), copy.array(), copy.offset());
                        kernel.run(x, prepared, y, bias, copy, residual, scratch);
                    }, prepare);
                });
    }

    Kernel backwardData(Convolution.Conv2dBackwardData op) {
        ConvBackwardData kernel = new ConvBackwardData(shape(op.dx(), op.w(), op.window()), layouts.of(op.dy()), layouts.of(op.dx()), workers,
                rule);
        return new Kernel(kernel.scratchFloats(), kernel.toString(), op.w(), kernel.preparedFloats(), (m, scratch, prepared) -> {
            Slice dy = m.at(op.dy());
            Slice w = m.at(op.w());
            Slice dx = m.at(op.dx());
            return new Kernel.Bound(() -> kernel.run(dy, prepared, dx, scratch), () -> kernel.prepare(w, prepared));
        });
    }

    Kernel backwardWeights(Convolution.Conv2dBackwardWeights op) {
        ConvBackwardWeights kernel = new ConvBackwardWeights(shape(op.x(), op.dw(), op.window()), layouts.of(op.x()), layouts.of(op.dy()),
                workers, rule);
        return new Kernel(kernel.scratchFloats(), kernel.toString(), null, 0, (m, scratch, _) -> {
            Slice x = m.at(op.x());
            Slice dy = m.at(op.dy());
            Slice dw = m.at(op.dw());
            Slice dBias = m.at(op.dBias());
            return new Kernel.Bound(() -> kernel.run(x, dy, dw, dBias, scratch), null);
        });
    }

    private static ConvShape shape(Value x, Value w, Window window) {
        Shape xs = x.shape();
        Shape ws = w.shape();
        return new ConvShape(xs.n(), xs.h(), xs.w(), xs.c(), ws.n(), ws.h(), ws.w(), window.stride(), window.top(), window.left(),
                window.bottom(), window.right());
    }
}
