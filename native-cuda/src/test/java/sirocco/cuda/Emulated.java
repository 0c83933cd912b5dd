package sirocco.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.api.Settings;
import sirocco.cuda.driver.DriverLibrary;
import sirocco.cuda.kernel.KernelRule;
import sirocco.testkit.OpCase;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;

/** The backend on the emulated driver, which this module's build makes where there are g++ and make; tests are skipped where there is none. */
final class Emulated {
    private static final String BUILD = System.getProperty("sirocco.cuda.emulated", "emulated");
    private static final Path DRIVER = Path.of(System.getProperty("sirocco.root", ".."), "native-cuda/target", BUILD, "libcuda.so.1").toAbsolutePath()
            .normalize();

    private Emulated() { }

    static CudaBackend backend() {
        assumeTrue(Files.exists(DRIVER), "the emulated CUDA driver has not been built: it needs g++ and make");
        System.setProperty(DriverLibrary.PATH_PROPERTY, DRIVER.toString());
        return new CudaBackend();
    }

    /** Whether it checks every access to memory. */
    static boolean checked() {
        return BUILD.endsWith("checked");
    }

    static CudaDevice device() {
        return device(Precision.F32);
    }

    static CudaDevice device(Precision precision) {
        return (CudaDevice) backend().open(new Settings(0, 0, precision));
    }

    /** What is opened so lets kernels overlap, which the driver then wants to wait for each other. */
    static <T> T overlapping(Supplier<T> open) {
        System.setProperty(Overlap.PROPERTY, "true");
        try {
            return open.get();
        } finally {
            System.clearProperty(Overlap.PROPERTY);
        }
    }

    /** With one variant for several families of kernels. */
    static CudaDevice device(Precision precision, String variant, String... families) {
        CudaBackend backend = backend();
        System.setProperty(KernelRule.PROPERTY, Stream.of(families).map(f -> f + "=" + variant).collect(Collectors.joining(",")));
        try {
            return (CudaDevice) backend.open(new Settings(0, 0, precision));
        } finally {
            System.clearProperty(KernelRule.PROPERTY);
        }
    }

    /** What {@code work} gives while the driver sees an environment variable set: Java cannot change its own. */
    static <T> T with(String name, long value, Supplier<T> work) {
        setenv(name, Long.toString(value));
        try {
            return work.get();
        } finally {
            setenv(name, null);
        }
    }

    private static void setenv(String name, String value) {
        Linker linker = Linker.nativeLinker();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name);
            int code = value == null
                    ? (int) linker.downcallHandle(linker.defaultLookup().findOrThrow("unsetenv"), FunctionDescriptor.of(JAVA_INT, ADDRESS)).invokeExact(text)
                    : (int) linker.downcallHandle(linker.defaultLookup().findOrThrow("setenv"), FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT))
                            .invokeExact(text, arena.allocateFrom(value), 1);
            assertEquals(0, code, name);
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }

    /** Compares a case with the reference, within the tolerances of a precision, and runs it again for the same bits. */
    static void matchesTheReferenceAndRepeats(OpCase c, CudaDevice device, Plan plan, Precision precision) {
        matchesTheReference(c, device, plan, precision, true);
    }

    /** @param repeats whether it is run again for the same bits, too */
    static void matchesTheReference(OpCase c, CudaDevice device, Plan plan, Precision precision, boolean repeats) {
        try (ReferenceDevice reference = new ReferenceDevice(); Executable e = device.load(plan);
                ReferenceExecutable expected = (ReferenceExecutable) reference.load(reference.plan(c.graph()))) {
            c.fill(expected);
            expected.run();
            List<float[]> first = runAndRead(c, e);
            List<String> problems = c.deviations(e, expected, precision).stream().flatMap(d -> d.violation().stream()).toList();
            assertTrue(problems.isEmpty(), () -> c + "\n" + String.join("\n", problems));
            List<float[]> second = repeats ? runAndRead(c, e) : first;
            for (int i = 0; i < first.size(); i++) {
                assertArrayEquals(first.get(i), second.get(i), "the same bits each time");
            }
        }
    }

    static List<float[]> runAndRead(OpCase c, Executable e) {
        c.fill(e);
        e.run();
        return c.compared().stream().map(v -> OpCase.read(e, v)).toList();
    }

    /** Names of the kernels that are built in, without those of the emulator's own tests. A context must be current. */
    static Set<String> kernels() {
        DriverLibrary driver = DriverLibrary.open().orElseThrow();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            assertEquals(0, (int) driver.function("cuModuleGetFunctionCount", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
                    .invokeExact(count, MemorySegment.NULL));
            int n = count.get(JAVA_INT, 0);
            MemorySegment kernels = arena.allocate(ADDRESS, n);
            assertEquals(0, (int) driver.function("cuModuleEnumerateFunctions", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS))
                    .invokeExact(kernels, n, MemorySegment.NULL));
            Set<String> names = new TreeSet<>();
            MemorySegment name = arena.allocate(ADDRESS);
            for (int i = 0; i < n; i++) {
                assertEquals(0, (int) driver.function("cuFuncGetName", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
                        .invokeExact(name, kernels.getAtIndex(ADDRESS, i)));
                names.add(name.get(ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0));
            }
            names.removeIf(k -> k.startsWith("selftest_"));
            return names;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** How often the driver's entry point was called; the driver must have been opened. */
    static long calls(String entryPoint) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment calls = arena.allocate(JAVA_LONG);
            int code = (int) DriverLibrary.open().orElseThrow()
                    .function("cuEmulatedCalls", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
                    .invokeExact(arena.allocateFrom(entryPoint), calls);
            assertEquals(0, code);
            return calls.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Whether streams work as late as they can from now on, when someone waits for them. The driver must have been opened, a context current. */
    static void late(boolean late) {
        try {
            int code = (int) DriverLibrary.open().orElseThrow()
                    .function("cuEmulatedLate", FunctionDescriptor.of(JAVA_INT, JAVA_INT)).invokeExact(late ? 1 : 0);
            assertEquals(0, code);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** How often someone has waited for the device, or could have: calls that return when work is done. */
    static long waits() {
        return Stream.of("cuStreamSynchronize", "cuEventSynchronize", "cuCtxSynchronize", "cuMemcpyDtoH_v2", "cuMemcpyHtoD_v2", "cuMemAlloc_v2", "cuMemFree_v2")
                .mapToLong(Emulated::calls).sum();
    }
}
