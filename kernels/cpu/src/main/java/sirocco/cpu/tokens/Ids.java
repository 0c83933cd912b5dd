package sirocco.cpu.tokens;

/** Checks of row numbers and class labels. */
final class Ids {
    private Ids() { }

    /** @throws IllegalArgumentException unless the first {@code count} ids are 0 … rows − 1 */
    static void check(int[] ids, int count, int rows, String what) {
        for (int i = 0; i < count; i++) {
            if (ids[i] < 0 || ids[i] >= rows) {
                throw new IllegalArgumentException("id of " + what + " " + i + ": expected 0 to " + (rows - 1) + ", got " + ids[i]);
            }
        }
    }
}
