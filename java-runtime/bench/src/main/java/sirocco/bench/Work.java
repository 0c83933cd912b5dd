package sirocco.bench;

/**
 * One side of a benchmark row: the same piece of work, done by Sirocco or by its peer.
 *
 * <p>The inputs are fixed when the object is made, so that both sides can be given the same ones and their results compared.
 */
public interface Work extends AutoCloseable {
    /** Does the work once and leaves nothing behind that grows from run to run. This is what is timed. */
    void run();

    /**
     * Does the work once and hands its results out, one array each, in the order the row states. Arrays that stand for pictures are in
     * logical NCHW order and weights in OIHW order, whatever the side's own layout is. Not timed.
     */
    float[][] results();

    @Override
    void close();
}
