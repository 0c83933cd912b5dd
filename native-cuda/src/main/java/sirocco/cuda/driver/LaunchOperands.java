package sirocco.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import sirocco.gpu.DeviceBuffer;

/**
 * Tells the emulated driver what each launch works on. A plan's values lie next to each other in one allocation, so without this a kernel that
 * reaches into its neighbour stays inside it. A GPU's driver has nobody to tell, and nothing is done.
 */
public final class LaunchOperands {
    /** What the emulated driver has besides CUDA's functions: pairs of address and bytes, for the thread's next launch. */
    private static final String TELL = "cuEmulatedOperands";

    private final Optional<MethodHandle> tell;

    public LaunchOperands(DriverLibrary driver) {
        tell = driver.find(TELL, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    }

    /**
     * What has to be done right before each launch that works on these operands and no other memory.
     *
     * @param what the step, for errors
     */
    public Runnable before(String what, List<DeviceBuffer> operands) {
        if (tell.isEmpty()) {
            return () -> { };
        }
        MemorySegment pairs = Arena.ofAuto().allocate(JAVA_LONG, 2L * operands.size());
        for (int i = 0; i < operands.size(); i++) {
            pairs.setAtIndex(JAVA_LONG, 2L * i, operands.get(i).address());
            pairs.setAtIndex(JAVA_LONG, 2L * i + 1, operands.get(i).bytes());
        }
        return () -> {
            try {
                Driver.check(what, TELL, (int) tell.get().invokeExact(pairs, operands.size()));
            } catch (Throwable e) {
                throw Driver.rethrown(e);
            }
        };
    }
}
