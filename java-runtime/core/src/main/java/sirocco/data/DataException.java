package sirocco.data;

/** Data that cannot be used: the message says which file, what was expected, what was found and what would mend it. */
public class DataException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DataException(String message) {
        super(message);
    }

    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
