package sirocco.bench;

import java.util.Map;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Settings;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;

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

    /** @param weights by diffusers' name, in PyTorch's layouts */
    void write(UNetSpec spec, Map<String, float[]> weights) {
        Map<String, long[]> shapes = spec.parameters();
        for (Value v : executable.plan().graph().parameters()) {
            executable.write(v, ours(weights.get(v.name()), shapes.get(v.name())));
        }
    }

    /** @param weights by diffusers' name, in PyTorch's layouts */
    static Weights weights(UNetSpec spec, Map<String, float[]> weights) {
        Map<String, long[]> shapes = spec.parameters();
        Weights ours = new Weights(net(spec).config());
        for (String name : ours.names()) {
            float[] values = ours(weights.get(name), shapes.get(name));
            System.arraycopy(values, 0, ours.get(name), 0, values.length);
        }
        return ours;
    }

    /** A parameter's values from PyTorch's layout to ours: OIHW → [k,r,s,c]; the others are the same. */
    private static float[] ours(float[] values, long[] shape) {
        return shape.length < 4 ? values
                : Inputs.channelsLast(values, (int) shape[0], (int) shape[1], (int) shape[2], (int) shape[3]);
    }

    /** The same network as our configuration. */
    static UNet net(UNetSpec spec) {
        int[] widths = new int[spec.levels()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = spec.width(i);
        }
        UNetConfig config = UNetConfig.builder().size(spec.size()).channels(spec.channels()).blockOutChannels(widths)
                .layersPerBlock(spec.blocks()).attentionAt(spec.attention().stream().mapToInt(Integer::intValue).toArray())
                .normNumGroups(spec.groups()).normEps(spec.eps()).build();
        return new UNet(config);
    }

    static Shape pictures(UNetSpec spec, int n) {
        return new Shape(n, spec.size(), spec.size(), spec.channels());
    }

    @Override
    public void close() {
        executable.close();
        device.close();
    }
}
