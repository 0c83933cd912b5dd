package sirocco.bench;

/** Sirocco's side of a kernel row: plain arrays that the collector frees. */
abstract class KernelWork implements Work {
    /** Brings what the kernel adds to back to zero. */
    void reset() {}

    /** The arrays of the last run, in the orders that {@link Work#results} states. */
    abstract float[][] read();

    @Override
    public final float[][] results() {
        reset();
        run();
        return read();
    }

    @Override
    public void close() {}
}
