package sirocco.tornado;

import static sirocco.tornado.Guests.WHAT;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import jcuda.Pointer;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Plan;
import sirocco.api.StepTrace;
import sirocco.api.Value;
import sirocco.cuda.driver.DeviceMemory;
import sirocco.cuda.driver.Driver;
import sirocco.tornado.cuda.HandTunedProvider;
import sirocco.tornado.kernel.DeviceTask;
import sirocco.tornado.kernel.Kernel;
import sirocco.tornado.kernel.Launch;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** A plan whose steps are all hand-tuned, run through the provider as TornadoVM does: on two arrays with a header in front, addresses past it. */
final class GuestExecutable implements Executable {
    private static final int HEADER = 16;

    final sirocco.tornado.DeviceMemory places;
    final DeviceMemory memory;
    final DeviceMemory words;
    private final Guests guests;
    private final Plan plan;
    private final TornadoXPUDevice device;
    private final TornadoLibraryProvider provider = new HandTunedProvider();
    private final LibraryContext context;
    private final List<Launch> launches = new ArrayList<>();

    GuestExecutable(Guests guests, Graph graph) {
        this.guests = guests;
        device = guests.device();
        context = provider.createContext(device, 1);
        List<Kernel> kernels = graph.steps().stream().map(guests.handTuned::kernel).toList();
        plan = TornadoVmDevice.plan(graph, kernels);
        places = new sirocco.tornado.DeviceMemory(plan);
        memory = array(places.floats());
        words = array(places.words());
        for (int i = 0; i < kernels.size(); i++) {
            launches.addAll(kernels.get(i).binding().bind(places.places(i)));
        }
        launches.forEach(l -> dispatch(l, l.library().orElseThrow().first(), memory.address() + HEADER));
    }

    private DeviceMemory array(int elements) {
        long bytes = HEADER + (long) Integer.BYTES * elements;
        DeviceMemory array = Driver.allocate(WHAT, bytes);
        Driver.zero(WHAT, array, bytes, guests.stream);
        return array;
    }

    private void dispatch(Launch launch, DeviceTask task, long memoryAt) {
        Object[] arguments = {memory, words};
        provider.dispatch(launch.kernel(), new LibraryInvocation(arguments, new long[] {memoryAt, words.address() + HEADER}, new boolean[] {true, true}, device, 1,
                context, task));
    }

    /** With the first array somewhere else than it was. */
    void runAt(long memoryAt) {
        launches.forEach(l -> dispatch(l, l.library().orElseThrow().each(), memoryAt));
    }

    @Override
    public void run() {
        runAt(memory.address() + HEADER);
    }

    @Override
    public Plan plan() {
        return plan;
    }

    private void write(Value v, Pointer data) {
        Driver.upload(WHAT, at(v), data, v.shape().elements() * v.dtype().bytes(), guests.stream);
        Driver.synchronize(WHAT, guests.stream);
    }

    @Override
    public void write(Value v, float[] data) {
        write(v, Pointer.to(data));
    }

    @Override
    public void write(Value v, int[] data) {
        write(v, Pointer.to(data));
    }

    @Override
    public void write(Value v, byte[] data) {
        write(v, Pointer.to(data));
    }

    @Override
    public void write(Value v, long first, byte[] part) {
        throw new UnsupportedOperationException("cases write whole values");
    }

    @Override
    public void read(Value v, float[] data) {
        read(at(v), Pointer.to(data), data.length);
    }

    @Override
    public void read(Value v, int[] data) {
        read(at(v), Pointer.to(data), data.length);
    }

    /** What a kernel has reported: the number, and the step's from 1 on. */
    int[] report() {
        int[] report = new int[2];
        read(words.at(HEADER + (long) Integer.BYTES * places.report()), Pointer.to(report), report.length);
        return report;
    }

    private void read(DeviceMemory from, Pointer to, int elements) {
        Driver.download(WHAT, to, from, (long) Integer.BYTES * elements, guests.stream);
        Driver.synchronize(WHAT, guests.stream);
    }

    private DeviceMemory at(Value v) {
        return (v.dtype() == DType.F32 ? memory : words).at(HEADER + (long) Integer.BYTES * places.at(v));
    }

    @Override
    public void trace(IntPredicate wanted, Consumer<StepTrace> observer) {
        throw new UnsupportedOperationException("nobody traces cases");
    }

    @Override
    public void close() {
        Driver.synchronize(WHAT, guests.stream);
        provider.destroyContext(context);
        Driver.free(WHAT, memory);
        Driver.free(WHAT, words);
    }
}
