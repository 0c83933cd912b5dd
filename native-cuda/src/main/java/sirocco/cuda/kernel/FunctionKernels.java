package sirocco.cuda.kernel;

import java.util.ArrayList;
import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Movement;
import sirocco.api.Pointwise;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.gpu.Strides;

/** Functions of elements with broadcasting, reductions and ramps, all in float32. */
final class FunctionKernels {
    /** From this many terms on, an element of a reduction has a block of its own; below, a warp. */
    private static final int TERMS_FOR_A_BLOCK = 2048;

    private FunctionKernels() { }

    static Kernel unary(Pointwise.Unary op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(m -> List.of(Launch.threads("unary_f32", vectors(n), m.at(op.x()), m.at(op.y()), n, op.function().ordinal())));
    }

    static Kernel unaryBackward(Pointwise.UnaryBackward op) {
        int n = (int) op.dx().shape().elements();
        return Kernel.of(m -> List.of(Launch.threads("unary_backward_f32", vectors(n), m.at(op.x()), m.at(op.dy()), m.at(op.dx()), n,
                op.function().ordinal())));
    }

    static Kernel affine(Pointwise.Affine op) {
        int n = (int) op.y().shape().elements();
        return Kernel.of(m -> List.of(Launch.threads("affine_f32", vectors(n), m.at(op.x()), m.at(op.y()), n, (float) op.scale(), (float) op.shift())));
    }

    static Kernel accumulate(Movement.Accumulate op) {
        int n = (int) op.x().shape().elements();
        return Kernel.of(m -> List.of(Launch.threads("accumulate_f32", vectors(n), m.at(op.x()), m.at(op.into()), n)));
    }

    static Kernel binary(Pointwise.Binary op) {
        Shape y = op.y().shape();
        int n = (int) y.elements();
        int[] a = Strides.broadcast(op.a().shape(), y);
        int[] b = Strides.broadcast(op.b().shape(), y);
        byte[] broadcast = Structure.of(y.h(), y.w(), y.c(), a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]);
        return Kernel.of(m -> List.of(Launch.threads("binary_f32", n, m.at(op.a()), m.at(op.b()), m.at(op.y()), n, op.function().ordinal(), broadcast)));
    }

    static Kernel ramp(Movement.Ramp op) {
        Shape s = op.y().shape();
        int n = (int) s.elements();
        int inner = Strides.of(s, op.axis());
        // Two doubles, as the kernel has them.
        return Kernel.of(m -> List.of(Launch.threads("ramp_f32", n, m.at(op.y()), n, Structure.of(op.start()), Structure.of(op.step()), inner,
                s.size(op.axis()))));
    }

    static Kernel reduce(Reduction.Reduce op) {
        Shape x = op.x().shape();
        List<Integer> fields = new ArrayList<>();
        for (boolean reduced : List.of(false, true)) {
            for (Axis axis : Axis.values()) {
                fields.add(op.axes().contains(axis) == reduced ? x.size(axis) : 1);
            }
            for (Axis axis : Axis.values()) {
                fields.add(op.axes().contains(axis) == reduced ? Strides.of(x, axis) : 0);
            }
        }
        int terms = Math.toIntExact(op.terms());
        fields.add(terms);
        byte[] axes = Structure.of(fields.stream().mapToInt(Integer::intValue).toArray());
        int n = (int) op.y().shape().elements();
        return terms >= TERMS_FOR_A_BLOCK
                ? Kernel.of(m -> List.of(Launch.blocks("reduce_block_f32", n, 1, 1, m.at(op.x()), m.at(op.y()), op.function().ordinal(), axes)))
                : Kernel.of(m -> List.of(Launch.threads("reduce_warp_f32", 32L * n, m.at(op.x()), m.at(op.y()), n, op.function().ordinal(), axes)));
    }

    private static long vectors(int n) {
        return Launch.blocks(n, Storage.F32.vector());
    }
}
