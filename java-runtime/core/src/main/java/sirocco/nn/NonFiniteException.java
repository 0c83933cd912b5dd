package sirocco.nn;

/** NaN or an infinity where numbers must be finite: in weights, or in training's loss or gradient, which stops before it spoils the weights. */
public final class NonFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public NonFiniteException(String message) {
        super(message);
    }

    /**
     * Checks that all elements of a parameter are finite.
     *
     * @param where the weights are, for the message
     * @throws NonFiniteException saying how many are not, and where the first is
     */
    static void check(String where, String name, float[] array) {
        int bad = 0;
        int first = -1;
        for (int i = 0; i < array.length; i++) {
            if (!Float.isFinite(array[i])) {
                first = bad++ == 0 ? i : first;
            }
        }
        if (bad > 0) {
            throw new NonFiniteException(where + ": \"" + name + "\" has " + bad + " of " + array.length + " elements that are not finite (element "
                    + first + " is " + array[first] + "); a training run that diverged leaves such: go back to an earlier checkpoint");
        }
    }
}
