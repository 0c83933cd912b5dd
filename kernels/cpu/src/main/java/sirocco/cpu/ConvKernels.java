package sirocco.cpu;

import java.util.EnumSet;
import java.util.function.Predicate;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Convolution;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.cpu.conv.ConvBackwardData;
import sirocco.cpu.conv.ConvBackwardWeights;
import sirocco.cpu.conv.ConvForward;
import sirocco.cpu.conv.ConvRule;
import sirocco.cpu.conv.ConvShape;
import sirocco.cpu.gemm.MatMul;
import sirocco.cpu.gemm.Matrix;
import sirocco.cpu.pointwise.Binary;
import sirocco.cpu.pointwise.Convert;
import sirocco.cpu.reduction.Reduce;

/** Makes the kernels of the three passes of a convolution. */
final class ConvKernels {
    private final Layouts layouts;
    /** Whether a value stays the same from run to run. */
    private final Predicate<Value> kept;
    private final Workers workers;
    private final ConvRule rule = ConvRule.fromProperties();

    ConvKernels(Layouts layouts, Predicate<Value> kept, Workers workers) {
        this.layouts = layouts;
        this.kept = kept;
        this.workers = workers;
    }

    Kernel forward(Convolution.Conv2d op) {
        if (dense(op.x()) || dense(op.y()) || op.residual().filter(this::dense).isPresent()) {
            return forwardOfRows(op);
        }
        ConvForward kernel = new ConvForward(shape(op.x(), op.w(), op.window()), layouts.of(op.x()), layouts.of(op.y()),
                layouts.of(op.residual()), kept.test(op.w()), workers, rule);
        long scratchFloats = kernel.scratchFloats();
        // The kernel reads perChannel in blocks; a plain one, of less than a block's channels, is copied behind its scratch.
        Layout given = layouts.of(op.perChannel());
        Layout blocked = given == null || given.blocked() ? null : Layout.blocked(given.n(), 1, 1, given.c(), 0);
        Convert convert = blocked == null ? null : new Convert(given, blocked, workers);
        boolean prepares = kernel.preparedFloats() > 0;
        return new Kernel(scratchFloats + (blocked == null ? 0 : blocked.floats()), kernel.toString(), prepares ? op.w() : null, kernel.preparedFloats(),
                (m, scratch, memory) -> {
                    Slice x = m.at(op.x());
                    Slice w = m.at(op.w());
                    Slice bias = m.at(op.bias());
                    Slice perChannel = m.at(op.perChannel());
                    Slice residual = m.at(op.residual());
                    Slice y = m.at(op.y());
                    Slice prepared = prepares ? memory : w;
                    Runnable prepare = prepares ? () -> kernel.prepare(w, prepared) : null;
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

    /** A 1×1 convolution of dense values: y = x · wᵀ (+ bias) (+ residual), rows being pixels. */
    private Kernel forwardOfRows(Convolution.Conv2d op) {
        int rows = rows(op.x());
        int c = op.x().shape().c();
        int k = op.y().shape().c();
        MatMul kernel = new MatMul(1, Matrix.dense(rows, c), false, Matrix.dense(k, c), true, Matrix.dense(rows, k), workers);
        return new Kernel(kernel.packedScratchFloats(), kernel.toString(), op.w(), kernel.packedFloats(), (m, scratch, packed) -> {
            Slice x = m.at(op.x());
            Slice w = m.at(op.w());
            Slice bias = m.at(op.bias());
            Slice residual = m.at(op.residual());
            Slice y = m.at(op.y());
            return new Kernel.Bound(() -> kernel.runPacked(x, packed, y, 1f, bias, residual, scratch), () -> kernel.pack(w, packed));
        });
    }

    /** dx = dy · w. */
    private Kernel backwardDataOfRows(Convolution.Conv2dBackwardData op) {
        int rows = rows(op.dx());
        int c = op.dx().shape().c();
        int k = op.dy().shape().c();
        MatMul kernel = new MatMul(1, Matrix.dense(rows, k), false, Matrix.dense(k, c), false, Matrix.dense(rows, c), workers);
        return new Kernel(kernel.scratchFloats(), kernel.toString(), null, 0, (m, scratch, _) -> {
            Slice dy = m.at(op.dy());
            Slice w = m.at(op.w());
            Slice dx = m.at(op.dx());
            return new Kernel.Bound(() -> kernel.run(dy, w, dx, 1f, null, null, scratch), null);
        });
    }

    /** dw += dyᵀ · x, dBias += the sum of dy's rows. */
    private Kernel backwardWeightsOfRows(Convolution.Conv2dBackwardWeights op) {
        int rows = rows(op.x());
        int c = op.x().shape().c();
        int k = op.dy().shape().c();
        MatMul kernel = new MatMul(1, Matrix.dense(rows, k), true, Matrix.dense(rows, c), false, Matrix.dense(k, c), workers);
        Reduce sum = new Reduce(Reduction.Function.SUM, EnumSet.of(Axis.N, Axis.H, Axis.W), op.dy().shape(), workers);
        Layout vector = Layout.plain(1, 1, 1, k);
        Binary add = new Binary(BinaryFunction.ADD, vector, vector, vector, workers);
        long ofSums = op.dBias().isPresent() ? k + sum.scratchFloats() : 0;
        return new Kernel(Math.max(kernel.scratchFloats(), ofSums), kernel.toString(), null, 0, (m, scratch, _) -> {
            Slice x = m.at(op.x());
            Slice dy = m.at(op.dy());
            Slice dw = m.at(op.dw());
            Runnable product = () -> kernel.run(dy, x, dw, 1f, null, dw, scratch);
            if (op.dBias().isEmpty()) {
                return new Kernel.Bound(product, null);
            }
            Slice dBias = m.at(op.dBias());
            Slice parts = new Slice(scratch.array(), scratch.offset() + k);
            return new Kernel.Bound(() -> {
                product.run();
                sum.run(dy, scratch, parts);
                add.run(dBias.array(), dBias.offset(), scratch.array(), scratch.offset(), dBias.array(), dBias.offset());
            }, null);
        });
    }

    private static int rows(Value v) {
        return Math.toIntExact(v.shape().elements() / v.shape().c());
    }

    /** Whether a value that could lie in blocks does not. */
    private boolean dense(Value v) {
        return !layouts.of(v).blocked() && v.shape().c() >= Layout.BLOCK;
    }

    Kernel backwardData(Convolution.Conv2dBackwardData op) {
        if (dense(op.dy()) || dense(op.dx())) {
            return backwardDataOfRows(op);
        }
        ConvBackwardData kernel = new ConvBackwardData(shape(op.dx(), op.w(), op.window()), layouts.of(op.dy()), layouts.of(op.dx()),
                kept.test(op.w()), workers, rule);
        boolean prepares = kernel.preparedFloats() > 0;
        return new Kernel(kernel.scratchFloats(), kernel.toString(), prepares ? op.w() : null, kernel.preparedFloats(), (m, scratch, memory) -> {
            Slice dy = m.at(op.dy());
            Slice w = m.at(op.w());
            Slice dx = m.at(op.dx());
            Slice prepared = prepares ? memory : w;
            return new Kernel.Bound(() -> kernel.run(dy, prepared, dx, scratch), prepares ? () -> kernel.prepare(w, prepared) : null);
        });
    }

    Kernel backwardWeights(Convolution.Conv2dBackwardWeights op) {
        if (dense(op.x()) || dense(op.dy())) {
            return backwardWeightsOfRows(op);
        }
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
