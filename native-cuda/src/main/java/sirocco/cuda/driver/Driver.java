package sirocco.cuda.driver;

import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUevent_record_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * The driver's functions that this backend uses, by JCuda, every return code checked. {@code what} says in errors what was being done.
 * To be touched only after {@link sirocco.cuda.Probe} has found a driver.
 */
public final class Driver {
    private Driver() { }

    /** @throws CudaException unless {@code code} is CUDA_SUCCESS */
    public static void check(String what, String call, int code) {
        if (code != CUresult.CUDA_SUCCESS) {
            String[] text = {null};
            JCudaDriver.cuGetErrorString(code, text);
            throw new CudaException(what, call, code, CUresult.stringFor(code) + (text[0] == null ? "" : " (" + text[0] + ")"));
        }
    }

    /** What a method handle threw, unchecked. */
    static RuntimeException rethrown(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
    }

    // ---- device and context ----------------------------------------------------------------------------------------------------

    public static CUdevice device(String what, int ordinal) {
        JCudaLibrary.load();
        check(what, "cuInit", JCudaDriver.cuInit(0));
        CUdevice device = new CUdevice();
        check(what, "cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal));
        return device;
    }

    /** @param attribute one of {@link jcuda.driver.CUdevice_attribute} */
    public static int attribute(String what, CUdevice device, int attribute) {
        int[] value = new int[1];
        check(what, "cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
        return value[0];
    }

    /** The device's primary context, current on this thread. */
    public static CUcontext retainContext(String what, CUdevice device) {
        CUcontext context = new CUcontext();
        check(what, "cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
        use(what, context);
        return context;
    }

    public static void releaseContext(String what, CUdevice device) {
        check(what, "cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device));
    }

    /** Makes a context current on this thread. */
    public static void use(String what, CUcontext context) {
        check(what, "cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
    }

    /** Bytes free, and bytes in all, on the current context's device. */
    public static long[] memory(String what) {
        long[] free = new long[1];
        long[] total = new long[1];
        check(what, "cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total));
        return new long[] {free[0], total[0]};
    }

    // ---- kernels ---------------------------------------------------------------------------------------------------------------

    public static CUmodule load(String what, byte[] image) {
        CUmodule module = new CUmodule();
        check(what, "cuModuleLoadData", JCudaDriver.cuModuleLoadData(module, image));
        return module;
    }

    public static void unload(String what, CUmodule module) {
        check(what, "cuModuleUnload", JCudaDriver.cuModuleUnload(module));
    }

    /**
     * A kernel, the same one each time it is asked for. What it may have of dynamic shared memory is its own, not this handle's, so it only grows:
     * launches that need more than these may be in a graph already.
     *
     * @param sharedBytes dynamic shared memory that launches will ask for
     */
    public static KernelHandle function(String what, CUmodule module, String name, int sharedBytes) {
        KernelHandle function = new KernelHandle();
        check(what, "cuModuleGetFunction(" + name + ")", JCudaDriver.cuModuleGetFunction(function, module, name));
        int[] allowed = new int[1];
        check(what, "cuFuncGetAttribute(" + name + ")",
                JCudaDriver.cuFuncGetAttribute(allowed, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, function));
        if (sharedBytes > allowed[0]) {
            check(what, "cuFuncSetAttribute(" + name + ", " + sharedBytes + " bytes of shared memory)",
                    JCudaDriver.cuFuncSetAttribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes));
        }
        return function;
    }

    public static void launch(String what, CUfunction function, int gridX, int gridY, int gridZ, int block, int sharedBytes, CUstream stream,
                              KernelArguments arguments) {
        check(what, "cuLaunchKernel", JCudaDriver.cuLaunchKernel(function, gridX, gridY, gridZ, block, 1, 1, sharedBytes, stream,
                arguments.pointer(), null));
    }

    // ---- memory ----------------------------------------------------------------------------------------------------------------

    public static DeviceMemory allocate(String what, long bytes) {
        DeviceMemory memory = new DeviceMemory();
        check(what, "cuMemAlloc of " + bytes + " bytes", JCudaDriver.cuMemAlloc(memory, bytes));
        return memory;
    }

    public static void free(String what, DeviceMemory memory) {
        check(what, "cuMemFree", JCudaDriver.cuMemFree(memory));
    }

    public static void zero(String what, DeviceMemory memory, long bytes, CUstream stream) {
        check(what, "cuMemsetD8Async", JCudaDriver.cuMemsetD8Async(memory, (byte) 0, bytes, stream));
    }

    /** @param words how many times the number is written, one after another */
    public static void fill(String what, DeviceMemory memory, int number, long words, CUstream stream) {
        check(what, "cuMemsetD32Async", JCudaDriver.cuMemsetD32Async(memory, number, words, stream));
    }

    public static void upload(String what, DeviceMemory to, Pointer from, long bytes, CUstream stream) {
        check(what, "cuMemcpyHtoDAsync", JCudaDriver.cuMemcpyHtoDAsync(to, from, bytes, stream));
    }

    public static void copy(String what, DeviceMemory to, DeviceMemory from, long bytes, CUstream stream) {
        check(what, "cuMemcpyDtoDAsync", JCudaDriver.cuMemcpyDtoDAsync(to, from, bytes, stream));
    }

    public static void download(String what, Pointer to, DeviceMemory from, long bytes, CUstream stream) {
        check(what, "cuMemcpyDtoHAsync", JCudaDriver.cuMemcpyDtoHAsync(to, from, bytes, stream));
    }

    // ---- streams and events ----------------------------------------------------------------------------------------------------

    public static StreamHandle stream(String what) {
        StreamHandle stream = new StreamHandle();
        check(what, "cuStreamCreate", JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
        return stream;
    }

    public static void destroy(String what, CUstream stream) {
        check(what, "cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream));
    }

    public static void synchronize(String what, CUstream stream) {
        check(what, "cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream));
    }

    public static CUevent event(String what) {
        CUevent event = new CUevent();
        check(what, "cuEventCreate", JCudaDriver.cuEventCreate(event, 0));
        return event;
    }

    /** An event that is waited for and not timed. */
    public static CUevent signal(String what) {
        CUevent event = new CUevent();
        check(what, "cuEventCreate", JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
        return event;
    }

    /** What is put on the stream from now on comes after the event's last record. The host does not wait. */
    public static void await(String what, CUstream stream, CUevent event) {
        check(what, "cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(stream, event, 0));
    }

    public static void record(String what, CUevent event, CUstream stream) {
        check(what, "cuEventRecord", JCudaDriver.cuEventRecord(event, stream));
    }

    /** The same, in a capture: a node that records it whenever the graph is run. */
    public static void recordAtReplay(String what, CUevent event, CUstream stream) {
        check(what, "cuEventRecordWithFlags", JCudaDriver.cuEventRecordWithFlags(event, stream, CUevent_record_flags.CU_EVENT_RECORD_EXTERNAL));
    }

    /** Waits for it if it is not done. */
    public static void synchronize(String what, CUevent event) {
        int code = JCudaDriver.cuEventQuery(event);
        if (code == CUresult.CUDA_ERROR_NOT_READY) {
            check(what, "cuEventSynchronize", JCudaDriver.cuEventSynchronize(event));
        } else {
            check(what, "cuEventQuery", code);
        }
    }

    public static long nanosBetween(String what, CUevent start, CUevent end) {
        float[] millis = new float[1];
        check(what, "cuEventElapsedTime", JCudaDriver.cuEventElapsedTime(millis, start, end));
        return (long) (millis[0] * 1e6);
    }

    public static void destroy(String what, CUevent event) {
        check(what, "cuEventDestroy", JCudaDriver.cuEventDestroy(event));
    }

    // ---- graphs ----------------------------------------------------------------------------------------------------------------

    /** Records what {@code work} puts on the stream instead of doing it. */
    public static CUgraph capture(String what, CUstream stream, Runnable work) {
        check(what, "cuStreamBeginCapture", JCudaDriver.cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        CUgraph graph = new CUgraph();
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            JCudaDriver.cuStreamEndCapture(stream, graph); // so that the stream can be used again; the first error is the one to tell
            throw e;
        }
        check(what, "cuStreamEndCapture", JCudaDriver.cuStreamEndCapture(stream, graph));
        return graph;
    }

    public static GraphHandle instantiate(String what, CUgraph graph) {
        GraphHandle exec = new GraphHandle();
        check(what, "cuGraphInstantiate", JCudaDriver.cuGraphInstantiate(exec, graph, 0));
        return exec;
    }

    public static void launch(String what, CUgraphExec graph, CUstream stream) {
        check(what, "cuGraphLaunch", JCudaDriver.cuGraphLaunch(graph, stream));
    }

    public static void destroy(String what, CUgraph graph) {
        check(what, "cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph));
    }

    public static void destroy(String what, CUgraphExec graph) {
        check(what, "cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy(graph));
    }
}
