package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;

/**
 * How an elementwise loop over values of one shape is cut: into spans that are contiguous in every operand and lie in one image,
 * and into items of several spans, a good deal of work each.
 *
 * <p>Where all operands are laid out alike a span is a piece of an image's memory, halo and fill included: for a function that takes zeros
 * to zero they come out right by themselves. Where they are not, a span is a row of pixels, and halos are to be cleared. The cut depends on
 * the layouts alone, so sums taken span by span do not depend on the number of threads.
 */
public final class Spans {
    /** Floats of a span where memory can be cut anywhere. */
    private static final int PIECE = 4096;
    /** Floats of an item: some 10 µs at memory speed. */
    private static final int ITEM = 32768;

    private final Layout shape;
    private final boolean alike;
    private final int perImage;
    private final int length;
    private final int count;
    private final int perItem;

    /** @param operands at least one; all of the same n, h, w, c and all plain or all blocked */
    public Spans(Layout... operands) {
        shape = operands[0];
        boolean same = true;
        for (Layout other : operands) {
            Shapes.same(shape, other);
            if (other.blocked() != shape.blocked()) {
                throw new IllegalArgumentException("operands of an elementwise op: one plain, one blocked: " + shape + ", " + other);
            }
            same &= other.equals(shape);
        }
        alike = same;
        if (alike) {
            length = Math.min(PIECE, shape.image());
            perImage = (shape.image() + length - 1) / length;
        } else {
            length = shape.w() * shape.pixel();
            perImage = shape.blocks() * shape.h();
        }
        count = shape.n() * perImage;
        perItem = Math.max(1, ITEM / length);
    }

    /** Items of the loop. */
    public int items() {
        return (count + perItem - 1) / perItem;
    }

    /** An item's first span. */
    public int first(int item) {
        return item * perItem;
    }

    /** One past an item's last span. */
    public int end(int item) {
        return Math.min(count, (item + 1) * perItem);
    }

    /** The image that a span lies in. */
    public int image(int span) {
        return span / perImage;
    }

    /** Floats of a span. */
    public int length(int span) {
        return alike ? Math.min(length, shape.image() - span % perImage * length) : length;
    }

    /** Floats of the longest span. */
    public int longest() {
        return length;
    }

    /** Floats from the start of an operand's value to a span. */
    public int offset(Layout operand, int span) {
        int image = span / perImage;
        int rest = span % perImage;
        return alike ? image * shape.image() + rest * length
                : operand.origin(image, rest / shape.h()) + rest % shape.h() * operand.row();
    }

    /** Clears the halo around a span's plane if the span is its first row; needed by whoever writes {@code operand}. */
    public void clearHalo(float[] a, int at, Layout operand, int span) {
        if (!alike && operand.halo() > 0 && span % shape.h() == 0) {
            Halo.clear(a, at, operand, span / perImage, span % perImage / shape.h());
        }
    }
}
