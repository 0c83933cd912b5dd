package sirocco.bench.torch;

import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The door to LibTorch, the peer that Sirocco is measured against: whether it is there, its threads, and arrays in and out of it.
 *
 * <p>LibTorch's threads belong to OpenMP, which by default lets idle ones spin for milliseconds. In a process that two libraries share
 * that would take a core from the other one, so it is run with {@code OMP_WAIT_POLICY=PASSIVE}; the launcher sets it.
 */
public final class Torch {
    /** How a picture [n,c,h,w] lies in memory. LibTorch is fast in one or the other depending on the op, so rows try both. */
    public enum Format {
        NCHW(torch.MemoryFormat.Contiguous),
        CHANNELS_LAST(torch.MemoryFormat.ChannelsLast);

        final torch.MemoryFormat memoryFormat;

        Format(torch.MemoryFormat memoryFormat) {
            this.memoryFormat = memoryFormat;
        }
    }

    private static final Optional<String> UNAVAILABLE = load();

    private Torch() {}

    /** Why LibTorch cannot be used here and what would mend it, or empty if it can. Never throws. */
    public static Optional<String> unavailable() {
        return UNAVAILABLE;
    }

    private static Optional<String> load() {
        // All memory is freed by scopes: without these, JavaCPP registers every tensor with the collector and polls the resident size.
        System.setProperty("org.bytedeco.javacpp.nopointergc", "true");
        System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        try {
            Loader.load(torch.class);
            return Optional.empty();
        } catch (LinkageError | RuntimeException e) {
            return Optional.of("LibTorch has no native library for " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
                    + " on the class path (" + e.getMessage() + "). Remedy: build on linux-x86_64, macosx-arm64 or windows-x86_64, whose"
                    + " natives a profile of java-runtime/bench/pom.xml adds, or add the classifier of this machine there.");
        }
    }

    /** The release of LibTorch's Java binding and the version of oneDNN inside, as {@code 2.10.0-1.5.13, oneDNN 3.7.1}. */
    public static String version() {
        String binding = Tensor.class.getPackage().getImplementationVersion();
        try (PointerScope scope = new PointerScope()) {
            String oneDnn = torch.get_mkldnn_version().getString().replaceAll(".*\\bv([0-9.]+).*", "$1");
            return (binding == null ? "unknown release" : binding) + ", oneDNN " + oneDnn;
        }
    }

    /** Sets how many threads an op uses. */
    public static void threads(int threads) {
        torch.set_num_threads(threads);
    }

    public static void seed(long seed) {
        torch.manual_seed(seed);
    }

    /** A tensor of the given values (row-major in {@code shape}), of which the caller or its scope is the owner. */
    static Tensor tensor(float[] values, long... shape) {
        long expected = 1;
        for (long extent : shape) {
            expected *= extent;
        }
        if (expected != values.length) {
            throw new IllegalArgumentException("tensor: expected " + expected + " values, got " + values.length);
        }
        return Tensor.create(values, shape);
    }

    /** The same for a picture [n,c,h,w] or a convolution's weight [o,i,kh,kw], in the given format. */
    static Tensor picture(float[] values, Format format, long... shape) {
        try (Tensor t = tensor(values, shape)) {
            return in(format, t);
        }
    }

    /** A copy of {@code t} that lies in the given format. */
    static Tensor in(Format format, Tensor t) {
        return t.clone(new MemoryFormatOptional(format.memoryFormat));
    }

    /** The values in logical (row-major) order, whatever the strides are. */
    static float[] floats(Tensor t) {
        try (PointerScope scope = new PointerScope()) {
            Tensor dense = t.detach().contiguous();
            float[] values = new float[Math.toIntExact(dense.numel())];
            dense.data_ptr_float().get(values);
            return values;
        }
    }
}
