package sirocco.cpu;

import java.util.function.BiConsumer;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.DType;
import sirocco.api.Movement;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.cpu.movement.Copy;
import sirocco.cpu.movement.Permute;
import sirocco.cpu.movement.Ramp;
import sirocco.cpu.movement.Runs;
import sirocco.cpu.movement.Tiling;
import sirocco.cpu.pointwise.AveragePool;
import sirocco.cpu.pointwise.Binary;
import sirocco.cpu.pointwise.Concat;
import sirocco.cpu.pointwise.Convert;
import sirocco.cpu.pointwise.Repeat;
import sirocco.cpu.pointwise.Upsample;
import sirocco.cpu.pointwise.UpsampleBackward;

/** Makes the kernels that move, copy and generate elements. */
final class MovementKernels {
    private final Layouts layouts;
    private final Workers workers;

    MovementKernels(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
    }

    Kernel upsample(Movement.Upsample op) {
        return Kernel.unary(new Upsample(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
    }

    Kernel upsampleBackward(Movement.UpsampleBackward op) {
        return Kernel.unary(new UpsampleBackward(at(op.dy()), at(op.dx()), workers)::run, op.dy(), op.dx());
    }

    Kernel averagePool(Movement.AveragePool op) {
        return Kernel.unary(new AveragePool(at(op.x()), op.k(), at(op.y()), workers)::run, op.x(), op.y());
    }

    Kernel accumulate(Movement.Accumulate op) {
        return Kernel.binary(new Binary(BinaryFunction.ADD, at(op.into()), at(op.x()), at(op.into()), workers)::run, op.into(), op.x(), op.into());
    }

    Kernel permute(Movement.Permute op) {
        return dense(new Permute(op.x().shape(), op.order(), workers)::run, op.x(), op.y());
    }

    Kernel concat(Movement.Concat op) {
        if (op.axis() == Axis.C && !(plain(op.a()) && plain(op.b()) && plain(op.y()))) {
            return Kernel.binary(new Concat(at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
        }
        Shape y = op.y().shape();
        Runs first = Runs.into(op.a().shape(), op.axis(), 0, y, workers);
        Runs second = Runs.into(op.b().shape(), op.axis(), op.a().shape().size(op.axis()), y, workers);
        return Kernel.of(m -> {
            Slice a = m.at(op.a());
            Slice b = m.at(op.b());
            Slice to = m.at(op.y());
            return () -> {
                first.run(a, to);
                second.run(b, to);
            };
        });
    }

    Kernel slice(Movement.Slice op) {
        if (op.axis() == Axis.C && !(plain(op.x()) && plain(op.y()))) {
            return Kernel.unary(new sirocco.cpu.pointwise.Slice(at(op.x()), op.from(), at(op.y()), workers)::run, op.x(), op.y());
        }
        return dense(Runs.outOf(op.x().shape(), op.axis(), op.from(), op.y().shape(), workers)::run, op.x(), op.y());
    }

    Kernel repeat(Movement.Repeat op) {
        Shape x = op.x().shape();
        Shape y = op.y().shape();
        if (op.x().dtype() == DType.I32) {
            return Kernel.of(m -> {
                int[] from = m.ints(op.x());
                int[] to = m.ints(op.y());
                return () -> Tiling.integers(x, y, from, to);
            });
        }
        return x.withN(1).equals(y.withN(1)) ? Kernel.unary(new Repeat(at(op.x()), at(op.y()), workers)::run, op.x(), op.y())
                : dense(new Tiling(x, y, workers)::run, op.x(), op.y());
    }

    /** Elements in their order, from one layout to another if shapes or layouts differ in no more than the kernel can do. */
    Kernel copy(Value x, Value y) {
        if (x.dtype() == DType.I32) {
            return Kernel.of(m -> {
                int[] from = m.ints(x);
                int[] to = m.ints(y);
                return () -> System.arraycopy(from, 0, to, 0, to.length);
            });
        }
        return at(x).dense() && at(y).dense() ? dense(new Copy(Math.toIntExact(x.shape().elements()), workers)::run, x, y)
                : Kernel.unary(new Convert(at(x), at(y), workers)::run, x, y);
    }

    Kernel ramp(Movement.Ramp op) {
        Ramp kernel = new Ramp(op.start(), op.step(), op.axis(), op.y().shape(), workers);
        return Kernel.of(m -> {
            Slice y = m.at(op.y());
            return () -> kernel.run(y);
        });
    }

    private static Kernel dense(BiConsumer<Slice, Slice> kernel, Value x, Value y) {
        return Kernel.of(m -> {
            Slice from = m.at(x);
            Slice to = m.at(y);
            return () -> kernel.accept(from, to);
        });
    }

    private boolean plain(Value v) {
        return !at(v).blocked();
    }

    private Layout at(Value v) {
        return layouts.of(v);
    }
}
