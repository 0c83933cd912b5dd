package sirocco.api;

/** The axes of a {@link Shape}, outermost first. */
public enum Axis {
    /** Images, or the outer batch. */
    N,
    /** Rows of pixels, or heads. */
    H,
    /** Columns of pixels, or tokens. */
    W,
    /** Channels, or features of a token. */
    C
}
