package sirocco.nn;

/** NaN or an infinity where numbers must be finite: in weights, or in training's loss or gradient, which stops before it spoils the weights. */
public final class NonFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public NonFiniteException(String message) {
        super(message);
    }
}
