package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.api.Device;
import sirocco.api.StepTrace;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.io.Nchw;
import sirocco.io.Safetensors;
import sirocco.io.SafetensorsWriter;
import sirocco.nn.ImageSize;
import sirocco.nn.LowResCondition;
import sirocco.nn.NetworkConfig;
import sirocco.pipeline.DiffusionModel;
import sirocco.sample.Denoiser;

/** Runs the network once on given tensors: what others check us with. */
@Command(name = "infer", mixinStandardHelpOptions = true, sortOptions = false, description = "Run the network once on the tensors of a file.",
        footerHeading = "%nTensors:%n",
        footer = {
            "  in:  sample [n,c,h,w] float, timesteps [n] or one for all, class_labels [n] if the model has classes and --class is not given,",
            "       low_res [n,c,h/k,w/k] float in [-1,1] if the model enlarges low-resolution images",
            "  out: output [n,c,h,w] float32",
            "%nExample:%n  sirocco infer --model runs/demo --in x.safetensors --out y.safetensors"})
final class InferCommand implements Callable<Integer> {
    @Mixin
    ModelOption model;

    @Option(names = "--in", required = true, paramLabel = "FILE", description = "a safetensors file")
    Path in;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "the safetensors file to write")
    Path out;

    @Option(names = "--class", paramLabel = "NAME|N", description = "class of all images, by name or number, in place of class_labels")
    String imageClass;

    @Option(names = "--batch", defaultValue = "64", paramLabel = "N", description = "images at a time; default: ${DEFAULT-VALUE}")
    int batch;

    @Option(names = "--trace", description = "also print, op by op, its time and the statistics of what it wrote (the first batch)")
    boolean trace;

    @Mixin
    DeviceOptions device;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        DeviceOptions.checkBatch(batch);
        PrintWriter print = spec.commandLine().getOut();
        try (Safetensors tensors = Safetensors.open(in); Device opened = device.open(print)) {
            long[] shape = need(tensors, "sample");
            if (shape.length != 4 || tensors.info("sample").elements() == 0) {
                throw new IllegalArgumentException(in + ": sample has shape " + Arrays.toString(shape) + ", expected [n,c,h,w], none of them 0");
            }
            int n = Math.toIntExact(shape[0]);
            int c = Math.toIntExact(shape[1]);
            int h = Math.toIntExact(shape[2]);
            int w = Math.toIntExact(shape[3]);
            DiffusionModel loaded = model.load(Optional.of(new ImageSize(h, w)), spec.commandLine().getErr());
            NetworkConfig config = loaded.config();
            if (c != config.inChannels()) {
                throw new IllegalArgumentException(in + ": sample has shape " + Arrays.toString(shape) + ", expected [n," + config.inChannels()
                        + ",h,w]: the model's images have " + config.inChannels() + " channels");
            }
            float[] sample = Nchw.toNhwc(tensors.floats("sample"), n, c, h, w);
            float[] timesteps = perImage(tensors.shape(needed(tensors, "timesteps")), numbers(tensors, "timesteps"), n);
            float[] result = run(opened, loaded, sample, timesteps, conditions(tensors, n, loaded), n, h, w);
            boolean classifies = config.classifies();
            float[] written = classifies ? result : Nchw.fromNhwc(result, n, config.outChannels(), h, w);
            long[] shapeOut = classifies ? new long[] {n, config.outChannels()} : new long[] {n, config.outChannels(), h, w};
            new SafetensorsWriter().floats("output", shapeOut, () -> written).write(out);
            print.println(out + ": output " + Arrays.toString(shapeOut).replace(" ", ""));
            print.flush();
            return 0;
        }
    }

    private float[] run(Device opened, DiffusionModel loaded, float[] sample, float[] timesteps, Batch conditions, int n, int h, int w) {
        int size = Math.min(batch, n);
        int imageIn = sample.length / n;
        try (Denoiser denoiser = new Denoiser(opened, loaded.config().network(), size, h, w).load(loaded.weights())) {
            int imageOut = Math.toIntExact(denoiser.output().imageElements());
            float[] result = new float[n * imageOut];
            float[] part = new float[size * imageOut];
            for (int first = 0; first < n; first += size) {
                // The last part is filled up from before it: every image is computed the same way in any company.
                int from = Math.min(first, n - size);
                denoiser.run(Arrays.copyOfRange(sample, from * imageIn, (from + size) * imageIn), Arrays.copyOfRange(timesteps, from, from + size),
                        part(conditions, from, size), part);
                System.arraycopy(part, 0, result, from * imageOut, part.length);
                if (trace && first == 0) {
                    denoiser.executable().trace(this::print);
                }
            }
            return result;
        }
    }

    private static Batch part(Batch all, int from, int size) {
        Batch part = new Batch(size, all.columns());
        for (int i = 0; i < size; i++) {
            part.copy(all, from + i, i);
        }
        return part;
    }

    private Batch conditions(Safetensors tensors, int n, DiffusionModel loaded) {
        List<Column> columns = new ArrayList<>(List.of(Column.label()));
        Optional<LowResCondition> partner = LowResOption.of(loaded.config());
        partner.ifPresent(c -> columns.add(c.column()));
        Batch given = new Batch(n, columns);
        System.arraycopy(labels(tensors, n, loaded), 0, given.ints(Column.LABEL), 0, n);
        partner.ifPresent(c -> {
            long[] expected = {n, c.channels(), c.size().height(), c.size().width()};
            long[] shape = need(tensors, LowResCondition.COLUMN);
            if (!Arrays.equals(shape, expected)) {
                throw new IllegalArgumentException(in + ": " + LowResCondition.COLUMN + " has shape " + Arrays.toString(shape) + ", expected " + Arrays.toString(expected));
            }
            float[] images = Nchw.toNhwc(tensors.floats(LowResCondition.COLUMN), n, c.channels(), c.size().height(), c.size().width());
            System.arraycopy(images, 0, given.floats(LowResCondition.COLUMN), 0, images.length);
        });
        return given;
    }

    private void print(StepTrace t) {
        PrintWriter print = spec.commandLine().getOut();
        print.printf("%4d %-16s %8.1f µs  %s%n", t.number(), t.step().op().kind(), t.nanos() * 1e-3, t.step().name());
        for (StepTrace.Stats s : t.written()) {
            print.printf("     %-16s mean %+.4e  rms %.4e  min %+.4e  max %+.4e%s%n", s.value().shape(), s.mean(), s.rms(), s.min(), s.max(),
                    s.nonFinite() == 0 ? "" : "  NOT FINITE: " + s.nonFinite());
        }
    }

    private long[] need(Safetensors tensors, String name) {
        return tensors.shape(needed(tensors, name));
    }

    private String needed(Safetensors tensors, String name) {
        if (!tensors.has(name)) {
            throw new IllegalArgumentException(in + ": tensor \"" + name + "\" is missing; the file has " + tensors.names());
        }
        return name;
    }

    private float[] perImage(long[] shape, float[] values, int n) {
        if (values.length == 1) {
            float[] all = new float[n];
            Arrays.fill(all, values[0]);
            return all;
        }
        if (values.length != n) {
            throw new IllegalArgumentException(in + ": timesteps has shape " + Arrays.toString(shape) + ", expected [" + n + "] or one value");
        }
        return values;
    }

    /** Timesteps come as integers or as floats. */
    private static float[] numbers(Safetensors tensors, String name) {
        return switch (tensors.info(name).type()) {
            case F32, F64, F16, BF16 -> tensors.floats(name);
            default -> {
                long[] whole = tensors.longs(name);
                float[] values = new float[whole.length];
                for (int i = 0; i < values.length; i++) {
                    values[i] = whole[i];
                }
                yield values;
            }
        };
    }

    private int[] labels(Safetensors tensors, int n, DiffusionModel loaded) {
        if (imageClass != null) {
            if (tensors.has("class_labels")) {
                throw new IllegalArgumentException("--class " + imageClass + ": " + in + " has class_labels already. Leave one of them out.");
            }
            int[] same = new int[n];
            Arrays.fill(same, ChainOptions.find("--class", imageClass, loaded));
            return same;
        }
        if (loaded.config().numClassEmbeds().isEmpty()) {
            return new int[n];
        }
        int classes = loaded.config().numClassEmbeds().getAsInt();
        long[] given = tensors.longs(needed(tensors, "class_labels"));
        if (given.length != n) {
            throw new IllegalArgumentException(in + ": class_labels has " + given.length + " elements, expected " + n);
        }
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            if (given[i] < 0 || given[i] >= classes) {
                throw new IllegalArgumentException(in + ": class_labels[" + i + "] is " + given[i] + ", the model knows 0 to " + (classes - 1));
            }
            labels[i] = (int) given[i];
        }
        return labels;
    }
}
