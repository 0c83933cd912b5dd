package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Ops that only move elements: as words of 16, 4 or 2 bytes, whatever they mean, the largest that divides everything. */
final class Moves {
    private final Storage storage;

    Moves(Target target) {
        storage = target.activations();
    }

    Kernel concat(Op.Concat op) {
        int ca = op.a().shape().c();
        int cb = op.b().shape().c();
        int word = word(bytes(op.a(), ca), bytes(op.b(), cb));
        int pixels = pixels(op.y().shape());
        int a = words(op.a(), ca, word);
        int b = words(op.b(), cb, word);
        return Kernel.of(m -> List.of(Launch.threads(kernel("concat", word), (long) pixels * (a + b), m.at(op.a()), m.at(op.b()), m.at(op.y()), pixels,
                a, b)));
    }

    Kernel slice(Op.Slice op) {
        int cx = op.x().shape().c();
        int cy = op.y().shape().c();
        int word = word(bytes(op.x(), cx), bytes(op.x(), op.from()), bytes(op.y(), cy));
        int pixels = pixels(op.y().shape());
        int y = words(op.y(), cy, word);
        return Kernel.of(m -> List.of(Launch.threads(kernel("slice", word), (long) pixels * y, m.at(op.x()), m.at(op.y()), pixels,
                words(op.x(), cx, word), words(op.x(), op.from(), word), y)));
    }

    Kernel upsample(Op.Upsample op) {
        Shape s = op.x().shape();
        int word = word(bytes(op.x(), s.c()));
        int c = words(op.x(), s.c(), word);
        int rows = s.n() * s.h();
        return Kernel.of(m -> List.of(Launch.threads(kernel("upsample", word), 4L * rows * s.w() * c, m.at(op.x()), m.at(op.y()), rows, s.w(), c)));
    }

    Kernel repeat(Op.Repeat op) {
        int n = (int) op.x().shape().elements();
        int word = word(bytes(op.x(), n));
        int count = words(op.x(), n, word);
        return Kernel.of(m -> List.of(Launch.threads(kernel("repeat", word), count, m.at(op.x()), m.at(op.y()), count)));
    }

    private int bytes(Value v, int elements) {
        return storage.bytes(v) * elements;
    }

    private int words(Value v, int elements, int word) {
        return bytes(v, elements) / word;
    }

    private static int word(int... bytes) {
        for (int word : new int[] {16, 4, 2}) {
            boolean divides = true;
            for (int b : bytes) {
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
