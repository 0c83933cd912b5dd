package sirocco.tornado.kernel;

import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;

/**
 * Work that TornadoVM does not compile: when a graph comes to it, it is called with what it needs to put launches of its own on the graph's stream,
 * a <em>library task</em>.
 */
@FunctionalInterface
public interface DeviceTask {
    /** Names the library among TornadoVM's, with its provider. */
    String LIBRARY = "sirocco/cuda";

    /**
     * @param context the provider's, for the execution plan
     * @param memory the address on the device of the first float
     * @param words that of the first word
     */
    void run(LibraryContext context, long memory, long words);

    /**
     * A library task of a plan.
     *
     * @param first to be done once before the first run, and not in a capture, in which no memory can be had
     * @param each to be done in every run
     */
    record Library(DeviceTask first, DeviceTask each) { }
}
