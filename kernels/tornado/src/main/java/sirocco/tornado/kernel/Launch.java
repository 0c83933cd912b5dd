package sirocco.tornado.kernel;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import sirocco.api.Value;
import sirocco.gpu.Chunks;
import sirocco.gpu.PhiloxBlocks;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A kernel, where its operands lie, and how many work items run it.
 *
 * <p>Every kernel is a static method of (context, memory, at, shape…) or (context, memory, words, at, shape…). Memory is the device's array with
 * all F32 values of a plan, words the one with its I32 and U8 values; {@code at} has the operands' places in them, and what else differs between
 * steps that are alike. The shape is scalars, which TornadoVM makes constants of: so steps of one shape have one source, and a driver that keeps
 * what it compiled compiles it once. A kernel must not be called as a function of OpenCL C is ({@code upsample}, {@code step}, {@code mix}).
 *
 * @param kernel its name, for errors
 * @param at places, counted in elements of the array, −1 for an operand that there is not
 * @param groupsX work groups
 * @param group work items in a group
 * @param words whether it takes the words
 * @param enqueue adds it to a task graph
 * @param library what is run instead of a kernel that TornadoVM compiles
 */
public record Launch(String kernel, int[] at, int groupsX, int groupsY, int groupsZ, int group, boolean words, EnqueueWithWords enqueue,
                     Optional<DeviceTask.Library> library) {
    /** Work items in a group of kernels that go over elements one by one: what every GPU takes. */
    public static final int GROUP = 128;

    /** Adds a kernel as task {@code id}; a method reference to the kernel must be written out in it, since TornadoVM reads that. */
    @FunctionalInterface
    public interface EnqueueWithWords {
        TaskGraph to(TaskGraph graph, String id, KernelContext context, FloatArray memory, IntArray words, IntArray at);
    }

    /** The same for a kernel that touches no words. */
    @FunctionalInterface
    public interface Enqueue {
        TaskGraph to(TaskGraph graph, String id, KernelContext context, FloatArray memory, IntArray at);
    }

    public Launch {
        if (groupsX < 1 || groupsY < 1 || groupsZ < 1 || (long) groupsX * group > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("kernel %s: cannot be launched as %d×%d×%d groups of %d".formatted(kernel, groupsX, groupsY, groupsZ, group));
        }
    }

    /** As many work items as asked for, and those that fill the last group; a kernel has to leave those alone. */
    public static Launch items(String kernel, int[] at, long items, EnqueueWithWords enqueue) {
        return groups(kernel, at, ceilDiv(items, GROUP), 1, 1, GROUP, enqueue);
    }

    public static Launch items(String kernel, int[] at, long items, Enqueue enqueue) {
        return groups(kernel, at, ceilDiv(items, GROUP), 1, 1, GROUP, enqueue);
    }

    /** So many elements, four a work item ({@link Fours}). */
    public static Launch fours(String kernel, int[] at, long elements, EnqueueWithWords enqueue) {
        return items(kernel, at, ceilDiv(elements, Fours.EACH * GROUP) * GROUP, enqueue);
    }

    public static Launch fours(String kernel, int[] at, long elements, Enqueue enqueue) {
        return items(kernel, at, ceilDiv(elements, Fours.EACH * GROUP) * GROUP, enqueue);
    }

    /** A work item for each Philox block of each image: see {@link PhiloxBlocks}. Group y is the image. */
    static Launch noise(String kernel, int[] at, int images, int elements, EnqueueWithWords enqueue) {
        return groups(kernel, at, ceilDiv(PhiloxBlocks.count(elements), GROUP), images, 1, GROUP, enqueue);
    }

    public static Launch groups(String kernel, int[] at, long groupsX, int groupsY, int groupsZ, int group, EnqueueWithWords enqueue) {
        return new Launch(kernel, at, Math.toIntExact(groupsX), groupsY, groupsZ, group, true, enqueue, Optional.empty());
    }

    public static Launch groups(String kernel, int[] at, long groupsX, int groupsY, int groupsZ, int group, Enqueue enqueue) {
        return new Launch(kernel, at, Math.toIntExact(groupsX), groupsY, groupsZ, group, false,
                (graph, id, context, memory, _, table) -> enqueue.to(graph, id, context, memory, table), Optional.empty());
    }

    /** A library task on memory and words, which it may change. */
    public static Launch library(String name, DeviceTask.Library library) {
        return new Launch(name, new int[0], 1, 1, 1, 1, true,
                (graph, id, _, memory, words, _) -> graph.libraryTask(id, (m, w) -> descriptor(name, library.each(), m, w), memory, words), Optional.of(library));
    }

    private static LibraryTaskDescriptor descriptor(String name, DeviceTask task, FloatArray memory, IntArray words) {
        return new LibraryTaskDescriptor().withLibrary(DeviceTask.LIBRARY).withFunction(name).withParameters(new Object[] {memory, words})
                .withAccess(new Access[] {Access.READ_WRITE, Access.READ_WRITE}).withTuning(task);
    }

    /**
     * Returns a table {@code at} of {@link Chunks}.
     *
     * @param before what the table begins with
     * @param lists parallel lists of tensors with the same shapes
     */
    static int[] chunks(Places p, int[] before, List<List<Value>> lists) {
        long[] rows = Chunks.table(lists.stream().map(tensors -> new Chunks.Column(tensors, p::at, 1)).toList());
        return IntStream.concat(IntStream.of(before), LongStream.of(rows).mapToInt(Math::toIntExact)).toArray();
    }

    /** n / size, rounded up. */
    public static long ceilDiv(long n, long size) {
        return Math.ceilDiv(n, size);
    }
}
