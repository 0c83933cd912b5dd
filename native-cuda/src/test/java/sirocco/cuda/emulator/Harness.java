package sirocco.cuda.emulator;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Calls the emulated driver itself, by java.lang.foreign, so that its tests stand on nothing of the backend. */
final class Harness implements AutoCloseable {
    static final int INVALID_VALUE = 1;
    static final int OUT_OF_MEMORY = 2;
    static final int LOSSY_QUERY = 402;
    static final int NOT_FOUND = 500;
    static final int ILLEGAL_ADDRESS = 700;
    static final int LAUNCH_TIMEOUT = 702;
    static final int MISALIGNED_ADDRESS = 716;
    static final int LAUNCH_FAILED = 719;
    static final int NOT_SUPPORTED = 801;
    static final int CAPTURE_UNSUPPORTED = 900;
    static final int CAPTURE_UNJOINED = 904;

    private static final Path DRIVER = Path.of(System.getProperty("sirocco.root", ".."), "native-cuda/target",
            System.getProperty("sirocco.cuda.emulated", "emulated"), "libcuda.so.1").toAbsolutePath().normalize();

    final Arena arena = Arena.ofConfined();
    private final SymbolLookup symbols;
    private final MemorySegment module;

    Harness() {
        assumeTrue(Files.exists(DRIVER), "the emulated CUDA driver has not been built: it needs g++ and make");
        symbols = SymbolLookup.libraryLookup(DRIVER, Arena.global());
        ok("cuInit", 0);
        MemorySegment out = arena.allocate(ADDRESS);
        ok("cuDevicePrimaryCtxRetain", out, 0);
        ok("cuCtxSetCurrent", out.get(ADDRESS, 0));
        ok("cuModuleLoadData", out, arena.allocateFrom("none"));
        module = out.get(ADDRESS, 0);
    }

    /** Calls an entry point with Integer, Long, Float and MemorySegment arguments. */
    int call(String name, Object... arguments) {
        MemoryLayout[] types = Arrays.stream(arguments).map(a -> switch (a) {
            case Integer i -> JAVA_INT;
            case Long l -> JAVA_LONG;
            case MemorySegment m -> ADDRESS;
            default -> throw new IllegalArgumentException(a.toString());
        }).toArray(MemoryLayout[]::new);
        try {
            return (int) Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, types)).invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }

    void ok(String name, Object... arguments) {
        int code = call(name, arguments);
        if (code != 0) {
            throw new IllegalStateException(name + " gives " + code + ": " + text(code));
        }
    }

    String text(int code) {
        MemorySegment out = arena.allocate(ADDRESS);
        call("cuGetErrorString", code, out);
        return out.get(ADDRESS, 0).reinterpret(4096).getString(0);
    }

    MemorySegment handle(String name, Object... arguments) {
        MemorySegment out = arena.allocate(ADDRESS);
        Object[] all = new Object[arguments.length + 1];
        all[0] = out;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        ok(name, all);
        return out.get(ADDRESS, 0);
    }

    /** Whether this build of the driver checks every access. */
    boolean checked() {
        return call("cuEmulatedChecked") == 1;
    }

    /** Ends a capture; the graph. */
    MemorySegment captured(MemorySegment stream) {
        MemorySegment out = arena.allocate(ADDRESS);
        ok("cuStreamEndCapture", stream, out);
        return out.get(ADDRESS, 0);
    }

    MemorySegment kernel(String name) {
        return handle("cuModuleGetFunction", module, arena.allocateFrom(name));
    }

    long allocate(long bytes) {
        MemorySegment out = arena.allocate(JAVA_LONG);
        ok("cuMemAlloc_v2", out, bytes);
        return out.get(JAVA_LONG, 0);
    }

    long upload(float... x) {
        long at = allocate(4L * x.length);
        ok("cuMemcpyHtoD_v2", at, arena.allocateFrom(JAVA_FLOAT, x), 4L * x.length);
        return at;
    }

    long upload(int... x) {
        long at = allocate(4L * x.length);
        ok("cuMemcpyHtoD_v2", at, arena.allocateFrom(JAVA_INT, x), 4L * x.length);
        return at;
    }

    /** The upper halves of floats, which are bf16 numbers where the lower halves are zero. */
    long uploadBf16(float... x) {
        short[] halves = new short[x.length];
        for (int i = 0; i < x.length; i++) {
            halves[i] = (short) (Float.floatToRawIntBits(x[i]) >>> 16);
        }
        long at = allocate(2L * x.length);
        ok("cuMemcpyHtoD_v2", at, arena.allocateFrom(ValueLayout.JAVA_SHORT, halves), 2L * x.length);
        return at;
    }

    float[] floats(long at, int n) {
        MemorySegment out = arena.allocate(JAVA_FLOAT, n);
        ok("cuMemcpyDtoH_v2", out, at, 4L * n);
        return out.toArray(JAVA_FLOAT);
    }

    int[] ints(long at, int n) {
        MemorySegment out = arena.allocate(JAVA_INT, n);
        ok("cuMemcpyDtoH_v2", out, at, 4L * n);
        return out.toArray(JAVA_INT);
    }

    /** Arguments of cuTensorMapEncodeTiled for bf16, swizzled by 128 bytes; strides are those of a dense tensor. Sizes innermost first. */
    record Boxes(long address, long[] sizes, int[] box, int[] steps) {
        Boxes(long address, long[] sizes, int... box) {
            this(address, sizes, box, IntStream.range(0, box.length).map(i -> 1).toArray());
        }
    }

    /** Encodes to {@code map}. */
    int encode(MemorySegment map, Boxes b) {
        long[] strides = new long[Math.max(1, b.sizes().length - 1)];
        strides[0] = 2 * b.sizes()[0];
        for (int i = 1; i < b.sizes().length - 1; i++) {
            strides[i] = strides[i - 1] * b.sizes()[i];
        }
        return call("cuTensorMapEncodeTiled", map, 9, b.sizes().length, MemorySegment.ofAddress(b.address()), arena.allocateFrom(JAVA_LONG, b.sizes()),
                arena.allocateFrom(JAVA_LONG, strides), arena.allocateFrom(JAVA_INT, b.box()), arena.allocateFrom(JAVA_INT, b.steps()), 0, 3, 2, 0);
    }

    MemorySegment tensorMap(Boxes boxes) {
        MemorySegment map = arena.allocate(128, 64);
        int code = encode(map, boxes);
        if (code != 0) {
            throw new IllegalStateException(boxes + ": " + code + ", " + text(code));
        }
        return map;
    }

    /** One row of blocks. */
    int launch(String kernel, int blocks, int threads, int sharedBytes, Object... arguments) {
        return launchOn(MemorySegment.NULL, kernel, new int[] {blocks, 1, 1}, threads, sharedBytes, arguments);
    }

    int launchOn(MemorySegment stream, String kernel, int[] grid, int threads, int sharedBytes, Object... arguments) {
        return call("cuLaunchKernel", kernel(kernel), grid[0], grid[1], grid[2], threads, 1, 1, sharedBytes, stream, pointers(arguments), MemorySegment.NULL);
    }

    /** By cuLaunchKernelEx, with an attribute whose value is a number. */
    int launchWith(int attribute, int value, MemorySegment stream, String kernel, int blocks, int threads, Object... arguments) {
        MemorySegment config = arena.allocate(56, 8);
        config.copyFrom(MemorySegment.ofArray(new int[] {blocks, 1, 1, threads, 1, 1, 0}));
        MemorySegment attributes = arena.allocate(72, 8);
        attributes.set(JAVA_INT, 0, attribute);
        attributes.set(JAVA_INT, 8, value);
        config.set(ADDRESS, 32, stream);
        config.set(ADDRESS, 40, attributes);
        config.set(JAVA_INT, 48, 1);
        return call("cuLaunchKernelEx", config, kernel(kernel), pointers(arguments), MemorySegment.NULL);
    }

    private MemorySegment pointers(Object... arguments) {
        MemorySegment pointers = arena.allocate(ADDRESS, arguments.length);
        for (int i = 0; i < arguments.length; i++) {
            pointers.setAtIndex(ADDRESS, i, switch (arguments[i]) {
                case Integer v -> arena.allocateFrom(JAVA_INT, v);
                case Long v -> arena.allocateFrom(JAVA_LONG, v);
                case Float v -> arena.allocateFrom(JAVA_FLOAT, v);
                case MemorySegment structure -> structure;
                default -> throw new IllegalArgumentException(arguments[i].toString());
            });
        }
        return pointers;
    }

    void run(String kernel, int blocks, int threads, int sharedBytes, Object... arguments) {
        int code = launch(kernel, blocks, threads, sharedBytes, arguments);
        if (code != 0) {
            throw new IllegalStateException(kernel + ": " + code + ", " + text(code));
        }
    }

    @Override
    public void close() {
        call("cuModuleUnload", module);
        arena.close();
    }
}
