package sirocco.cpu;

import sirocco.api.Pointwise;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;
import sirocco.cpu.pointwise.Affine;
import sirocco.cpu.pointwise.Binary;
import sirocco.cpu.pointwise.Broadcast;
import sirocco.cpu.pointwise.ChannelBroadcast;
import sirocco.cpu.pointwise.Gated;
import sirocco.cpu.pointwise.Unary;
import sirocco.cpu.pointwise.UnaryBackward;

/** Makes the kernels that compute each element from those at its place. */
final class PointwiseKernels {
    private final Layouts layouts;
    private final Workers workers;

    PointwiseKernels(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
    }

    Kernel unary(Pointwise.Unary op) {
        return Kernel.unary(new Unary(op.function(), at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
    }

    Kernel unaryBackward(Pointwise.UnaryBackward op) {
        return Kernel.binary(new UnaryBackward(op.function(), at(op.x()), at(op.dy()), at(op.dx()), workers)::run, op.x(), op.dy(), op.dx());
    }

    Kernel affine(Pointwise.Affine op) {
        return Kernel.unary(new Affine(op.scale(), op.shift(), at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
    }

    Kernel gated(Pointwise.Gated op) {
        Gated kernel = gated(op.function(), op.y());
        return Kernel.of(m -> {
            Slice x = m.at(op.x());
            Slice y = m.at(op.y());
            return () -> kernel.run(x, y);
        });
    }

    Kernel gatedBackward(Pointwise.GatedBackward op) {
        Gated kernel = gated(op.function(), op.dy());
        return Kernel.of(m -> {
            Slice x = m.at(op.x());
            Slice dy = m.at(op.dy());
            Slice dx = m.at(op.dx());
            return () -> kernel.runBackward(x, dy, dx);
        });
    }

    Kernel binary(Pointwise.Binary op) {
        if (op.a().shape().equals(op.b().shape())) {
            return Kernel.binary(new Binary(op.function(), at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
        }
        if (at(op.a()).blocked() && at(op.b()).blocked() && at(op.y()).blocked() && !dense(op)) {
            boolean reversed = Demand.ofChannels(op.a().shape(), op.b().shape());
            Value x = reversed ? op.b() : op.a();
            Value v = reversed ? op.a() : op.b();
            return Kernel.binary(new ChannelBroadcast(op.function(), at(x), at(v), reversed, at(op.y()), workers)::run, x, v, op.y());
        }
        Broadcast kernel = new Broadcast(op.function(), op.a().shape(), op.b().shape(), workers);
        return Kernel.of(m -> {
            Slice a = m.at(op.a());
            Slice b = m.at(op.b());
            Slice y = m.at(op.y());
            return () -> kernel.run(a, b, y);
        });
    }

    /** Whether all operands lie in logical order, if perhaps in blocks. */
    private boolean dense(Pointwise.Binary op) {
        return at(op.a()).dense() && at(op.b()).dense() && at(op.y()).dense();
    }

    private Gated gated(UnaryFunction function, Value y) {
        return new Gated(function, Math.toIntExact(y.shape().elements() / y.shape().c()), y.shape().c(), workers);
    }

    private Layout at(Value v) {
        return layouts.of(v);
    }
}
