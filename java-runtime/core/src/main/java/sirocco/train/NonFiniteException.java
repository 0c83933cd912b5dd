package sirocco.train;

/** Training met a loss or gradient that is not a finite number, and stopped before it could spoil the weights. */
public final class NonFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NonFiniteException(String message) {
        super(message);
    }
}
