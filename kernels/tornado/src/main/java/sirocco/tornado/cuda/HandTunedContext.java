package sirocco.tornado.cuda;

import sirocco.cuda.GuestKernels;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;

/**
 * What the provider keeps for an execution plan on a device.
 *
 * @param kernels loaded in TornadoVM's context
 */
record HandTunedContext(GuestKernels kernels) implements LibraryContext { }
