package sirocco.tornado;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import sirocco.tornado.kernel.DeviceTask;
import sirocco.tornado.kernel.Launch;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/**
 * Task graphs, one after the other, over two arrays that stay on the device and are never copied as a whole: what goes to and fro are small
 * arrays beside them.
 */
final class TaskGraphs implements AutoCloseable {
    /**
     * Tasks in a graph, at the end of which the host waits for the device. TornadoVM notes a graph's tasks in 8 KiB, 15 bytes and 5 for each argument;
     * and keeps its bytecode, some 200 bytes for a task of many arguments, in {@link #BYTECODE_BYTES}.
     */
    static final int TASKS = 64;

    /** To be told to TornadoVM, as {@code tornado.tvm.maxbytecodesize}, before it starts. */
    static final int BYTECODE_BYTES = 1 << 16;

    /** What small arrays may take beside the memory. */
    private static final int BESIDE_MIB = 1024;

    private final HostMirror mirror;
    private final FloatArray memory;
    private final IntArray words;
    private final KernelContext context = new KernelContext();
    private final GridScheduler grids = new GridScheduler();
    private final List<ImmutableTaskGraph> graphs = new ArrayList<>();
    /** Of the library tasks; of one that is in two graphs, once. */
    private final Set<DeviceTask> first = new LinkedHashSet<>();
    /** The graph that does these; there is one if there are any. */
    private int firstGraph;
    private TornadoDevice device;
    private TornadoExecutionPlan plan;

    /**
     * @param floats elements of the one array
     * @param words of the other
     */
    TaskGraphs(int floats, int words) {
        mirror = new HostMirror(floats, words);
        memory = mirror.memory();
        this.words = mirror.words();
    }

    /** A kernel with arrays of its own. */
    @FunctionalInterface
    interface Task {
        TaskGraph to(TaskGraph graph, String id, KernelContext context, FloatArray memory, IntArray words);
    }

    /**
     * Adds a graph of one task that takes something from the host, or gives it something.
     *
     * @param withWords whether the task takes the words; all take the memory
     * @param in arrays that go to the device before it
     * @param out arrays that come back after it
     * @return its number
     */
    int add(String name, boolean withWords, int groups, int group, Object[] in, Object[] out, Task task) {
        TaskGraph graph = begin(name, withWords);
        if (in.length > 0) {
            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, in);
        }
        task.to(graph, name, context, memory, words);
        grids.addWorkerGrid(name + "." + name, grid(groups, 1, 1, group));
        if (out.length > 0) {
            graph.transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        }
        return end(graph);
    }

    /** Adds a graph that does next to nothing, for what a launch takes; returns its number. */
    int addNothing() {
        return end(begin("nothing", false));
    }

    /** Adds a graph of kernels; returns its number. */
    int add(List<Launch> launches) {
        String name = "run" + graphs.size();
        boolean withWords = launches.stream().anyMatch(Launch::words);
        TaskGraph graph = begin(name, withWords);
        for (int i = 0; i < launches.size(); i++) {
            Launch l = launches.get(i);
            String id = l.kernel() + i;
            IntArray table = l.library().isEmpty() ? IntArray.fromArray(l.at()) : words; // a library task takes none
            if (l.library().isEmpty()) {
                graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, table);
                grids.addWorkerGrid(name + "." + id, grid(l.groupsX(), l.groupsY(), l.groupsZ(), l.group()));
            }
            l.library().ifPresent(library -> first.add(library.first()));
            l.enqueue().to(graph, id, context, memory, words, table);
        }
        return end(graph);
    }

    /**
     * A graph takes over the arrays from whichever ran before it. They have to be arguments of its tasks, both, or else TornadoVM hands on a new and
     * empty one without a word: so a graph that needs no words has a task that only takes them.
     */
    private TaskGraph begin(String name, boolean withWords) {
        TaskGraph graph = new TaskGraph(name);
        if (graphs.isEmpty()) {
            graph.transferToDevice(DataTransferMode.UNDER_DEMAND, memory, words); // and nobody ever demands it: they are made there
        } else {
            graph.consumeFromDevice(memory, words);
        }
        if (!withWords) {
            graph.task("hold", TaskGraphs::hold, context, words);
            grids.addWorkerGrid(name + ".hold", grid(1, 1, 1, 1));
        }
        return graph;
    }

    static void hold(KernelContext c, IntArray w) {
        if (c.globalIdx > 0) {
            w.set(0, w.get(0));
        }
    }

    private int end(TaskGraph graph) {
        graphs.add(graph.persistOnDevice(memory, words).snapshot());
        return graphs.size() - 1;
    }

    private static WorkerGrid grid(int x, int y, int z, int group) {
        WorkerGrid grid = new WorkerGrid3D(x * group, y, z);
        grid.setLocalWork(group, 1, 1);
        return grid;
    }

    /**
     * To be called when all have been added.
     *
     * @param runs those that make a run, with nothing from the host: they are compiled now, and on a device that can do so each is captured at its first
     *     run and one launch from then on
     */
    void ready(TornadoDevice device, int[] runs) {
        this.device = device;
        if (!first.isEmpty()) {
            List<DeviceTask> all = List.copyOf(first);
            DeviceTask each = (c, m, w) -> all.forEach(task -> task.run(c, m, w));
            firstGraph = add(List.of(Launch.library("first", new DeviceTask.Library((_, _, _) -> { }, each))));
        }
        plan = new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
        // By default OpenCL may assume that there is no infinity and no NaN: silu(−100) would be NaN, and a diverged training look healthy.
        plan.withCompilerFlags(TornadoVMBackendType.OPENCL, "-cl-mad-enable -w");
        plan.withDevice(device).withGridScheduler(grids).withMemoryLimit((memory.getNumBytesOfSegmentWithHeader() + words.getNumBytesOfSegmentWithHeader() >> 20) + BESIDE_MIB + "MB");
        boolean captured = device instanceof TornadoXPUDevice xpu && xpu.supportsExecutionGraphs();
        for (int number : runs) {
            TornadoExecutionPlan run = plan.withGraph(number);
            if (captured) {
                run.withCUDAGraph();
            }
            run.withPreCompilation();
        }
    }

    /** Does what library tasks want done once before their first run. */
    void runFirst() {
        if (!first.isEmpty()) {
            run(firstGraph);
        }
    }

    void run(int number) {
        plan.withGraph(number).execute();
    }

    /**
     * What a plan leaves behind is its own code, queues and events. Yet the device then counts as reset, and TornadoVM would refuse to run any other plan on
     * it that was compiled ahead; so the mark is taken off.
     */
    @Override
    public void close() {
        try {
            if (plan != null) {
                plan.close();
            }
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException("tornado: the execution plan cannot be closed: " + e.getMessage(), e);
        } finally {
            mirror.close();
        }
        if (device instanceof TornadoXPUDevice xpu) {
            xpu.getDeviceContext().setResetToFalse();
        }
    }
}
