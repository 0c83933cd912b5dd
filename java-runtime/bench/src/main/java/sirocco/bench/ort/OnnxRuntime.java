package sirocco.bench.ort;

import ai.onnxruntime.OrtEnvironment;
import java.util.Optional;

/** The door to ONNX Runtime, a peer for forward passes: whether it is there. */
public final class OnnxRuntime {
    /** The peer's name in rows and tables. */
    public static final String NAME = "ONNX Runtime";

    private static final Optional<String> UNAVAILABLE = load();

    private OnnxRuntime() { }

    /** Returns why ONNX Runtime cannot be used on this machine, or nothing if it can. Never throws. */
    public static Optional<String> unavailable() {
        return UNAVAILABLE;
    }

    private static Optional<String> load() {
        try {
            OrtEnvironment.getEnvironment();
            return Optional.empty();
        } catch (LinkageError | RuntimeException e) {
            return Optional.of("ONNX Runtime has no native library for " + System.getProperty("os.name") + " " + System.getProperty("os.arch") + " ("
                    + e.getMessage() + "). Use a platform that its release on Maven Central supports.");
        }
    }

    /** Returns ONNX Runtime's release, such as {@code 1.23.2}. */
    public static String version() {
        return OrtEnvironment.getEnvironment().getVersion();
    }
}
