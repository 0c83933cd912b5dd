package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;

/** Checks made when a kernel is built: a plan that reaches them with other shapes is a bug of the backend. */
public final class Shapes {
    private Shapes() { }

    /** Both values have the same logical shape. */
    public static void same(Layout a, Layout b) {
        if (a.n() != b.n() || a.h() != b.h() || a.w() != b.w() || a.c() != b.c()) {
            throw new IllegalArgumentException("shapes differ: " + text(a) + " and " + text(b));
        }
    }

    /** A condition that an op states about its operands. */
    public static void check(boolean holds, String what, Layout... operands) {
        if (!holds) {
            StringBuilder message = new StringBuilder(what).append(':');
            for (Layout operand : operands) {
                message.append(' ').append(text(operand));
            }
            throw new IllegalArgumentException(message.toString());
        }
    }

    /** @throws IllegalStateException unless a table has the row that a step is to read */
    public static void checkRow(int row, int rows) {
        if (row < 0 || row >= rows) {
            throw new IllegalStateException("row " + row + " is not in the table (expected 0 to " + (rows - 1)
                    + "). Set the cursor back to 0 to start another chain, or write other row numbers.");
        }
    }

    private static String text(Layout l) {
        return "[" + l.n() + "," + l.h() + "," + l.w() + "," + l.c() + "]";
    }
}
