package sirocco.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * The driver's functions that JCuda does not have, by java.lang.foreign: graphs with conditional nodes, launches with attributes; and the two
 * that are called most, to compare. Every return code is checked; the argument {@code what} says in errors what was being done. Handles are numbers here.
 */
public final class ForeignDriver {
    private static final List<String> CONDITIONAL = List.of("cuGraphConditionalHandleCreate", "cuGraphAddNode_v2", "cuStreamBeginCaptureToGraph");

    /** The second brought data of edges. */
    private static final List<String> PROGRAMMATIC = List.of("cuLaunchKernelEx", "cuGraphAddNode_v2");

    /** CU_STREAM_CAPTURE_MODE_THREAD_LOCAL */
    private static final int CAPTURE_THREAD_LOCAL = 1;

    /** CU_GRAPH_COND_ASSIGN_DEFAULT */
    private static final int ASSIGN_DEFAULT = 1;

    /** CU_GRAPH_NODE_TYPE_CONDITIONAL, and of CUDA_CONDITIONAL_NODE_PARAMS: CU_GRAPH_COND_TYPE_WHILE. */
    private static final int CONDITIONAL_NODE = 13;
    private static final int WHILE = 1;

    /** CUgraphNodeParams: its size, and where in it the fields of CUDA_CONDITIONAL_NODE_PARAMS lie. */
    private static final long NODE_PARAMETERS = 256;
    private static final long HANDLE = 16;
    private static final long TYPE = 24;
    private static final long SIZE = 28;
    private static final long BODIES = 32;
    private static final long CONTEXT = 40;

    /** What is called often: constants, which the compiler sees through. They take the function's address first. */
    private static final MethodHandle LAUNCH_GRAPH = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle LAUNCH_KERNEL = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT,
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));
    private static final MethodHandle LAUNCH_KERNEL_EX = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS,
            ADDRESS));

    private final DriverLibrary library;
    private final MemorySegment launchGraph;
    private final MemorySegment launchKernel;
    private MemorySegment launchKernelEx;

    public ForeignDriver(DriverLibrary library) {
        this.library = library;
        launchGraph = library.address("cuGraphLaunch");
        launchKernel = library.address("cuLaunchKernel");
    }

    /** Whether the driver's library has what graphs with conditional nodes need: that of CUDA 12.4 and later. */
    public boolean hasConditionalNodes() {
        return CONDITIONAL.stream().allMatch(library::has);
    }

    /** Whether launches of a graph may overlap: CUDA 12.3 and later. */
    public boolean hasProgrammaticEdges() {
        return PROGRAMMATIC.stream().allMatch(library::has);
    }

    // ---- graphs ----------------------------------------------------------------------------------------------------------------

    public long graph(String what) {
        MethodHandle create = function("cuGraphCreate", ADDRESS, JAVA_INT);
        return result(what, "cuGraphCreate", out -> (int) create.invokeExact(out, 0));
    }

    /** What a kernel sets for a conditional node of the graph; 1 at each launch of it. */
    public long conditional(String what, long graph, long context) {
        MethodHandle create = function("cuGraphConditionalHandleCreate", ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT);
        return result(what, "cuGraphConditionalHandleCreate", out -> (int) create.invokeExact(out, graph, context, 1, ASSIGN_DEFAULT));
    }

    /** Adds a node that repeats its body until {@code conditional} is 0. Returns the body, an empty graph that goes with the node. */
    public long whileNode(String what, long graph, long conditional, long context) {
        MethodHandle add = function("cuGraphAddNode_v2", ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = arena.allocate(NODE_PARAMETERS, Long.BYTES);
            parameters.set(JAVA_INT, 0, CONDITIONAL_NODE);
            parameters.set(JAVA_LONG, HANDLE, conditional);
            parameters.set(JAVA_INT, TYPE, WHILE);
            parameters.set(JAVA_INT, SIZE, 1);
            parameters.set(JAVA_LONG, CONTEXT, context);
            MemorySegment none = MemorySegment.NULL;
            result(what, "cuGraphAddNode of a conditional node", out -> (int) add.invokeExact(out, graph, none, none, 0L, parameters));
            return parameters.get(ADDRESS, BODIES).reinterpret(Long.BYTES).get(JAVA_LONG, 0);
        }
    }

    /** Records what {@code work} puts on the stream into a graph. */
    public void capture(String what, StreamHandle stream, long graph, Runnable work) {
        MethodHandle begin = function("cuStreamBeginCaptureToGraph", JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT);
        MethodHandle end = function("cuStreamEndCapture", JAVA_LONG, ADDRESS);
        MemorySegment none = MemorySegment.NULL;
        check(what, "cuStreamBeginCaptureToGraph", () -> (int) begin.invokeExact(stream.address(), graph, none, none, 0L, CAPTURE_THREAD_LOCAL));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                end(end, stream, out); // so that the stream can be used again; the first error is the one to tell
                throw e;
            }
            check(what, "cuStreamEndCapture", () -> end(end, stream, out));
        }
    }

    private static int end(MethodHandle end, StreamHandle stream, MemorySegment out) {
        try {
            return (int) end.invokeExact(stream.address(), out);
        } catch (Throwable e) {
            throw Driver.rethrown(e);
        }
    }

    public long instantiate(String what, long graph) {
        MethodHandle instantiate = function("cuGraphInstantiateWithFlags", ADDRESS, JAVA_LONG, JAVA_LONG);
        return result(what, "cuGraphInstantiate", out -> (int) instantiate.invokeExact(out, graph, 0L));
    }

    public void launch(String what, long executable, StreamHandle stream) {
        int code;
        try {
            code = (int) LAUNCH_GRAPH.invokeExact(launchGraph, executable, stream.address());
        } catch (Throwable e) {
            throw Driver.rethrown(e);
        }
        Driver.check(what, "cuGraphLaunch", code);
    }

    /** One row of blocks, without dynamic shared memory. */
    public void launch(String what, KernelHandle kernel, int grid, int block, StreamHandle stream, KernelArguments arguments) {
        int code;
        try {
            code = (int) LAUNCH_KERNEL.invokeExact(launchKernel, kernel.address(), grid, 1, 1, block, 1, 1, 0, stream.address(), arguments.pointers(),
                    MemorySegment.NULL);
        } catch (Throwable e) {
            throw Driver.rethrown(e);
        }
        Driver.check(what, "cuLaunchKernel", code);
    }

    /** @throws UnsatisfiedLinkError before CUDA 12 */
    public void launch(String what, KernelHandle kernel, LaunchConfig config, KernelArguments arguments) {
        if (launchKernelEx == null) {
            launchKernelEx = library.address("cuLaunchKernelEx");
        }
        int code;
        try {
            code = (int) LAUNCH_KERNEL_EX.invokeExact(launchKernelEx, config.segment(), kernel.address(), arguments.pointers(), MemorySegment.NULL);
        } catch (Throwable e) {
            throw Driver.rethrown(e);
        }
        Driver.check(what, "cuLaunchKernelEx", code);
    }

    public void destroyGraph(String what, long graph) {
        MethodHandle destroy = function("cuGraphDestroy", JAVA_LONG);
        check(what, "cuGraphDestroy", () -> (int) destroy.invokeExact(graph));
    }

    public void destroyExecutable(String what, long executable) {
        MethodHandle destroy = function("cuGraphExecDestroy", JAVA_LONG);
        check(what, "cuGraphExecDestroy", () -> (int) destroy.invokeExact(executable));
    }

    /** Makes a CUcontext current on this thread. */
    public void use(String what, long context) {
        MethodHandle use = function("cuCtxSetCurrent", JAVA_LONG);
        check(what, "cuCtxSetCurrent", () -> (int) use.invokeExact(context));
    }

    /** The context that is current on this thread. */
    public long context(String what) {
        MethodHandle current = function("cuCtxGetCurrent", ADDRESS);
        return result(what, "cuCtxGetCurrent", out -> (int) current.invokeExact(out));
    }

    // ---- memory ----------------------------------------------------------------------------------------------------------------

    /** Copies after what is on the stream already, and waits until it is done. */
    public void upload(String what, long to, long[] from, long stream) {
        MethodHandle upload = function("cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
        MethodHandle wait = function("cuStreamSynchronize", JAVA_LONG);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(JAVA_LONG, from);
            check(what, "cuMemcpyHtoDAsync", () -> (int) upload.invokeExact(to, bytes, bytes.byteSize(), stream));
            check(what, "cuStreamSynchronize", () -> (int) wait.invokeExact(stream));
        }
    }

    // ---- calls -----------------------------------------------------------------------------------------------------------------

    @FunctionalInterface
    private interface Call {
        int code() throws Throwable;
    }

    /** A call that writes a handle. */
    @FunctionalInterface
    private interface Maker {
        int code(MemorySegment out) throws Throwable;
    }

    private MethodHandle function(String name, MemoryLayout... parameters) {
        return library.function(name, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    private static void check(String what, String name, Call call) {
        int code;
        try {
            code = call.code();
        } catch (Throwable e) {
            throw Driver.rethrown(e);
        }
        Driver.check(what, name, code);
    }

    private static long result(String what, String name, Maker maker) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            check(what, name, () -> maker.code(out));
            return out.get(JAVA_LONG, 0);
        }
    }
}
