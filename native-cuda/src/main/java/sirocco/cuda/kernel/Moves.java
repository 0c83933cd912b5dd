package sirocco.cuda.kernel;

import java.util.Arrays;
import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Movement;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Ops that only move elements: as words of 16, 4 or 2 bytes, whatever they mean, the largest that divides everything. */
final class Moves {
    private final Layout layout;

    Moves(Layout layout) {
        this.layout = layout;
    }

    Kernel concat(Movement.Concat op) {
        int ca = op.a().shape().c();
        int cb = op.b().shape().c();
        int word = word(bytes(op.y(), ca), bytes(op.y(), cb));
        int pixels = pixels(op.y().shape());
        int a = words(op.y(), ca, word);
        int b = words(op.y(), cb, word);
        return Kernel.of(m -> List.of(Launch.threads(kernel("concat", word), (long) pixels * (a + b), m.at(op.a()), m.at(op.b()), m.at(op.y()), pixels,
                a, b)));
    }

    Kernel slice(Movement.Slice op) {
        int cx = op.x().shape().c();
        int cy = op.y().shape().c();
        int word = word(bytes(op.y(), cx), bytes(op.y(), op.from()), bytes(op.y(), cy));
        int pixels = pixels(op.y().shape());
        int y = words(op.y(), cy, word);
        return Kernel.of(m -> List.of(Launch.threads(kernel("slice", word), (long) pixels * y, m.at(op.x()), m.at(op.y()), pixels,
                words(op.y(), cx, word), words(op.y(), op.from(), word), y)));
    }

    Kernel upsample(Movement.Upsample op) {
        Shape s = op.x().shape();
        int word = word(bytes(op.y(), s.c()));
        int c = words(op.y(), s.c(), word);
        int rows = s.n() * s.h();
        return Kernel.of(m -> List.of(Launch.threads(kernel("upsample", word), 4L * rows * s.w() * c, m.at(op.x()), m.at(op.y()), rows, s.w(), c)));
    }

    Kernel repeat(Movement.Repeat op) {
        int n = (int) op.x().shape().elements();
        int word = word(bytes(op.y(), n));
        int count = words(op.y(), n, word);
        return Kernel.of(m -> List.of(Launch.threads(kernel("repeat", word), count, m.at(op.x()), m.at(op.y()), count)));
    }

    // ---- boxes of 4-byte words: any axis, F32 or I32 ------------------------------------------------------------------------------

    /** A slice along any axis. */
    static Kernel sliceAlong(Movement.Slice op) {
        Shape x = op.x().shape();
        Box box = new Box(op.y().shape(), op.from() * FunctionKernels.stride(x, op.axis()), strides(x), sizes(x), 0, strides(op.y().shape()));
        return Kernel.of(m -> List.of(box.launch(m.at(op.x()), m.at(op.y()))));
    }

    /** A concatenation along any axis: a launch for each part. */
    static Kernel concatAlong(Movement.Concat op) {
        Shape a = op.a().shape();
        Shape b = op.b().shape();
        int[] y = strides(op.y().shape());
        Box first = new Box(a, 0, strides(a), sizes(a), 0, y);
        Box second = new Box(b, 0, strides(b), sizes(b), a.size(op.axis()) * y[op.axis().ordinal()], y);
        return Kernel.of(m -> List.of(first.launch(m.at(op.a()), m.at(op.y())), second.launch(m.at(op.b()), m.at(op.y()))));
    }

    /** Copies along any axes. */
    static Kernel repeatAlong(Movement.Repeat op) {
        Shape x = op.x().shape();
        Box box = new Box(op.y().shape(), 0, strides(x), sizes(x), 0, strides(op.y().shape()));
        return Kernel.of(m -> List.of(box.launch(m.at(op.x()), m.at(op.y()))));
    }

    static Kernel permute(Movement.Permute op) {
        Shape y = op.y().shape();
        int[] x = op.order().stream().mapToInt(axis -> FunctionKernels.stride(op.x().shape(), axis)).toArray();
        Box box = new Box(y, 0, x, sizes(y), 0, strides(y));
        return Kernel.of(m -> List.of(box.launch(m.at(op.x()), m.at(op.y()))));
    }

    /** A copy in logical order: a reshape, or an assignment to a state. */
    static Kernel copy(Value x, Value y) {
        Shape flat = Shape.vector((int) x.shape().elements());
        Box box = new Box(flat, 0, strides(flat), sizes(flat), 0, strides(flat));
        return Kernel.of(m -> List.of(box.launch(m.at(x), m.at(y))));
    }

    /** See move.cu. */
    private record Box(Shape s, int from, int[] x, int[] size, int to, int[] y) {
        Launch launch(long source, long target) {
            int n = (int) s.elements();
            byte[] box = Structure.of(s.h(), s.w(), s.c(), from, x[0], x[1], x[2], x[3], size[0], size[1], size[2], size[3], to, y[0], y[1], y[2], y[3]);
            return Launch.threads("move_b4", n, source, target, n, box);
        }
    }

    private static int[] strides(Shape s) {
        return Arrays.stream(Axis.values()).mapToInt(axis -> FunctionKernels.stride(s, axis)).toArray();
    }

    private static int[] sizes(Shape s) {
        return Arrays.stream(Axis.values()).mapToInt(s::size).toArray();
    }

    // ---- plumbing --------------------------------------------------------------------------------------------------------------

    /** @param like a value stored as what is moved: the result, since operands may be converted before */
    private long bytes(Value like, int elements) {
        return (long) layout.elementBytes(like) * elements;
    }

    private int words(Value like, int elements, int word) {
        return (int) (bytes(like, elements) / word);
    }

    private static int word(long... bytes) {
        for (int word : new int[] {16, 4, 2}) {
            boolean divides = true;
            for (long b : bytes) {
                divides &= b % word == 0;
            }
            if (divides) {
                return word;
            }
        }
        throw new IllegalArgumentException("an element has an odd number of bytes");
    }

    private static String kernel(String name, int word) {
        return name + "_b" + word;
    }

    private static int pixels(Shape s) {
        return s.n() * s.h() * s.w();
    }
}
