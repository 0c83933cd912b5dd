package sirocco.tornado.cuda;

import sirocco.gpu.ExternalStream;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;

/**
 * What the provider keeps for an execution plan on a device.
 *
 * @param stream TornadoVM's, prepared for hand-tuned kernels
 */
record HandTunedContext(ExternalStream stream) implements LibraryContext { }
