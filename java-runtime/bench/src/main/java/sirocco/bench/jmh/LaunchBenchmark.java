package sirocco.bench.jmh;

import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import sirocco.cuda.LaunchCosts;

/**
 * What a launch costs the host by JCuda and by java.lang.foreign. Launches come in bursts that a driver's queue takes without making the host
 * wait; waiting for them to be done is not timed. Look at medians (p0.50): they hold on a machine that others use too. On the emulated
 * driver set SIROCCO_EMULATED_LATE, so that a launch is put off and what is left is the way to the driver.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class LaunchBenchmark {
    private static final int BURST = 256;

    /** What is launched, and by what. */
    public enum Way {
        CU_LAUNCH_KERNEL_JCUDA(c -> c::kernelByJCuda),
        CU_LAUNCH_KERNEL_FFM(c -> c::kernelByForeign),
        CU_LAUNCH_KERNEL_EX_FFM(c -> c::kernelWithAttributeByForeign),
        CU_GRAPH_LAUNCH_JCUDA(c -> c::graphByJCuda),
        CU_GRAPH_LAUNCH_FFM(c -> c::graphByForeign);

        private final Function<LaunchCosts, Runnable> of;

        Way(Function<LaunchCosts, Runnable> of) {
            this.of = of;
        }
    }

    @Param
    public Way way;

    private LaunchCosts costs;
    private Runnable launch;

    @Setup
    public void setUp() {
        costs = new LaunchCosts();
        launch = way.of.apply(costs);
    }

    @TearDown(Level.Invocation)
    public void await() {
        costs.await();
    }

    @TearDown
    public void tearDown() {
        costs.close();
    }

    @Benchmark
    @OperationsPerInvocation(BURST)
    public void launch() {
        for (int i = 0; i < BURST; i++) {
            launch.run();
        }
    }
}
