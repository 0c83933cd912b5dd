package sirocco.testkit;

import sirocco.api.Availability;
import sirocco.api.Backend;
import sirocco.api.Device;
import sirocco.api.Settings;

/**
 * The definition that other backends are compared to: every op as its textbook formula, scalar, in double precision, on one thread. Slow,
 * and meant to be read. {@code auto} never picks it.
 */
public final class ReferenceBackend implements Backend {
    @Override
    public String name() {
        return "reference";
    }

    @Override
    public int priority() {
        return -1;
    }

    @Override
    public Availability probe() {
        return Availability.yes("scalar double precision, one thread; for tests");
    }

    /** Threads and precision are of no meaning to it. */
    @Override
    public Device open(Settings settings) {
        return new ReferenceDevice();
    }
}
