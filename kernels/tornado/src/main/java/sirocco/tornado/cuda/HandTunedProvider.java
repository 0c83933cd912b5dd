package sirocco.tornado.cuda;

import sirocco.tornado.kernel.DeviceTask;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * Runs a {@link DeviceTask}, which comes as a descriptor's {@linkplain LibraryTaskDescriptor#withTuning tuning}, its parameters the two arrays.
 * TornadoVM finds this by {@link java.util.ServiceLoader} on whatever device, so no class of CUDA is touched before a context is made.
 */
public final class HandTunedProvider implements TornadoLibraryProvider {
    @Override
    public String libraryName() {
        return DeviceTask.LIBRARY;
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return device instanceof TornadoNativeStreamSupport;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        TornadoNativeStreamSupport cuda = (TornadoNativeStreamSupport) device;
        int ordinal = device.getDeviceContext().getDeviceIndex();
        return new HandTunedContext(HandTuned.kernels().attach("cuda kernels in TornadoVM", ordinal, cuda.getNativeContext(executionPlanId),
                cuda.getNativeStream(executionPlanId)));
    }

    @Override
    public void dispatch(String functionName, LibraryInvocation call) {
        ((DeviceTask) call.getTuning()).run(call.getContext(), call.getDevicePointer(0), call.getDevicePointer(1));
    }

    @Override
    public void destroyContext(LibraryContext context) {
        ((HandTunedContext) context).stream().close();
    }
}
