package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Movement;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.gpu.Box;

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
        return move(Box.of(op), op.x(), op.y());
    }

    /** A concatenation along any axis: a launch for each part. */
    static Kernel concatAlong(Movement.Concat op) {
        List<Box> parts = Box.of(op);
        return Kernel.of(m -> List.of(launch(parts.get(0), m.at(op.a()), m.at(op.y())), launch(parts.get(1), m.at(op.b()), m.at(op.y()))));
    }

    /** Copies along any axes. */
    static Kernel repeatAlong(Movement.Repeat op) {
        return move(Box.of(op), op.x(), op.y());
    }

    static Kernel permute(Movement.Permute op) {
        return move(Box.of(op), op.x(), op.y());
    }

    /** A copy in logical order: a reshape, or an assignment to a state. */
    static Kernel copy(Value x, Value y) {
        return move(Box.copy(x.shape().elements()), x, y);
    }

    private static Kernel move(Box box, Value x, Value y) {
        return Kernel.of(m -> List.of(launch(box, m.at(x), m.at(y))));
    }

    /** See move.cu. */
    private static Launch launch(Box box, long source, long target) {
        int n = (int) box.shape().elements();
        return Launch.threads("move_b4", n, source, target, n, Structure.of(box));
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
