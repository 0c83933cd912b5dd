package sirocco.bench;

import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Settings;

/** A graph loaded on a device of its own. */
final class ModelRun implements AutoCloseable {
    private final Device device;
    private final Executable executable;

    ModelRun(String backend, int threads, Graph graph) {
        device = Backends.choose(backend).open(new Settings(threads, 0, Settings.Precision.F32));
        try {
            executable = device.load(device.plan(graph));
        } catch (RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    Executable executable() {
        return executable;
    }

    @Override
    public void close() {
        executable.close();
        device.close();
    }
}
