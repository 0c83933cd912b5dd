package sirocco.cpu;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.HardwareLimits;
import sirocco.api.Lowering;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Value;

/** A team of threads. Its executables share it, and take turns. */
public final class CpuDevice implements Device {
    /** Large models go some 15 % faster with it: their transformed weights span thousands of small pages. */
    private static final String HUGE_PAGES = "-XX:+UseTransparentHugePages";

    private final Workers workers;
    private final long pieceBytes;

    CpuDevice(int threads) {
        this(threads, Memory.PIECE_BYTES);
    }

    /** @param pieceBytes size of the arrays that memory is allocated in, see {@link MemoryPlanner.Sizes#pieceBytes} */
    CpuDevice(int threads, long pieceBytes) {
        this.pieceBytes = pieceBytes;
        workers = new Workers(threads);
    }

    static String vectors() {
        return Simd.BITS + "-bit vectors";
    }

    @Override
    public String describe() {
        List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
        return "cpu: " + vectors() + ", " + workers.threads() + (workers.threads() == 1 ? " thread" : " threads") + ", heap up to "
                + (Runtime.getRuntime().maxMemory() >> 20) + " MiB"
                + (flags.contains(HUGE_PAGES) ? "" : "; large models gain from " + HUGE_PAGES)
                + (flags.contains(Alignment.FLAG) ? "" : "; convolutions gain from " + Alignment.FLAG);
    }

    @Override
    public Optional<HardwareLimits> limits() {
        return Optional.of(new MachineLimits(workers));
    }

    @Override
    public Plan plan(Graph graph) {
        return plan(graph, true);
    }

    /** @param share false gives every temporary memory of its own, to test against */
    Plan plan(Graph recorded, boolean share) {
        Graph graph = LayoutCopies.insert(Lowering.lower("cpu", recorded, KernelFactory::supports));
        Layouts layouts = new Layouts(graph);
        Kernels kernels = Kernels.of(graph, layouts, workers, pieceBytes);
        return MemoryPlanner.plan(graph, new MemoryPlanner.Sizes() {
            @Override
            public long bytes(Value v) {
                return layouts.bytes(v);
            }

            @Override
            public long scratchBytes(int step) {
                return kernels.get(step).scratchFloats() * Float.BYTES;
            }

            @Override
            public long pieceBytes() {
                return pieceBytes;
            }

            @Override
            public long extraBytes() {
                return kernels.preparedFloats() * Float.BYTES;
            }

            @Override
            public String note(int step) {
                return kernels.get(step).algorithm();
            }
        }, share);
    }

    @Override
    public Executable load(Plan plan) {
        Layouts layouts = new Layouts(plan.graph());
        return new CpuExecutable(plan, layouts, Kernels.of(plan.graph(), layouts, workers, pieceBytes), workers, pieceBytes);
    }

    @Override
    public void close() {
        workers.close();
    }
}
