package sirocco.bench.jmh;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import sirocco.bench.Row;
import sirocco.bench.Rows;
import sirocco.bench.Work;

/**
 * A row of the benchmark under JMH's protocol: one side a fork. Good for a close look at one kernel, and JMH's profilers; for a ratio on a
 * machine that others use too, take {@code build-scripts/bench}, which alternates.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(3)
public abstract class RowBenchmark {
    /** Ours, or the peer in one of its memory formats. */
    @Param({"sirocco", "NCHW", "channels_last"})
    public String side;

    /** Of the side; 0 for one per processor. */
    @Param("0")
    public int threads;

    private Rows rows;
    private Work work;

    /** Name of the row. */
    abstract String row();

    @Setup
    public void setUp() {
        rows = new Rows(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads, "cpu");
        Row row = rows.named(row());
        Supplier<Work> maker = side.equals("sirocco") ? row.ours() : row.peers().get(side);
        if (maker == null) {
            throw new IllegalArgumentException("row \"" + row.name() + "\": no side \"" + side + "\"; there are sirocco and "
                    + row.peers().keySet());
        }
        work = maker.get();
    }

    @TearDown
    public void tearDown() {
        work.close();
        rows.close();
    }

    @Benchmark
    public void run() {
        work.run();
    }
}
