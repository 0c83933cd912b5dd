package sirocco.check;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sirocco.api.Shape;
import sirocco.folder.ModelFolder;
import sirocco.io.Safetensors;
import sirocco.io.TensorType;
import sirocco.nn.ImageSize;
import sirocco.pipeline.DiffusionModel;
import sirocco.testkit.GoldenFolder;

/** A model with what PyTorch computed from it: inputs and results of a forward pass, the gradients of a loss, and training steps. */
record GoldenCase(String name, DiffusionModel model, Map<String, float[]> floats, Map<String, long[]> shapes, Map<String, int[]> labels) {
    static final String FILE = "golden.safetensors";

    private static final List<String> IMAGES = List.of("forward.sample", "train.0.xt");

    /** A loss whose gradients the file has: mean((output − target)²) of the model's output for some inputs. */
    record Loss(String inputs, String image, String target) { }

    static GoldenCase read(GoldenFolder folder) throws IOException {
        Map<String, float[]> floats = new HashMap<>();
        Map<String, long[]> shapes = new HashMap<>();
        Map<String, int[]> labels = new HashMap<>();
        ImageSize size;
        try (Safetensors file = Safetensors.open(folder.path().resolve(FILE))) {
            size = imageSize(file);
            for (String name : file.names()) {
                shapes.put(name, file.shape(name));
                TensorType type = file.info(name).type();
                if (name.endsWith("class_labels")) {
                    labels.put(name, file.ints(name));
                } else if (type == TensorType.I32 || type == TensorType.I64) {
                    int[] whole = file.ints(name);
                    float[] f = new float[whole.length];
                    for (int i = 0; i < f.length; i++) {
                        f[i] = whole[i];
                    }
                    floats.put(name, f);
                } else {
                    floats.put(name, file.floats(name));
                }
            }
        }
        return new GoldenCase(folder.name(), DiffusionModel.load(ModelFolder.open(folder.path()), Optional.of(size)), floats, shapes, labels);
    }

    /**
     * Returns the size of the images that a file has for the model.
     *
     * @throws IllegalArgumentException if it has none
     */
    static ImageSize imageSize(Safetensors file) {
        String key = IMAGES.stream().filter(k -> file.has(k) && file.shape(k).length == 4).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no images [N, C, H, W] in " + FILE + " (expected one of " + IMAGES + ")"));
        return new ImageSize((int) file.shape(key)[2], (int) file.shape(key)[3]);
    }

    boolean has(String key) {
        return floats.containsKey(key);
    }

    /** The loss of {@code grad.}: that of the first training step if the file has training steps, else that of the forward pass; empty if it has no gradients. */
    Optional<Loss> loss() {
        if (has("train.losses")) {
            return Optional.of(new Loss("train.0.", "xt", "train.0.noise"));
        }
        return has("loss") ? Optional.of(new Loss("forward.", "sample", "target")) : Optional.empty();
    }

    float[] get(String key) {
        float[] f = floats.get(key);
        if (f == null) {
            throw new IllegalArgumentException("golden case " + name + ": no tensor \"" + key + "\"");
        }
        return f;
    }

    /** The logical shape of a batch of images. */
    Shape imageShape(String key) {
        long[] s = shapes.get(key);
        return new Shape((int) s[0], (int) s[2], (int) s[3], (int) s[1]);
    }

    /** A batch of images in NHWC order. */
    float[] images(String key) {
        Shape s = imageShape(key);
        return channelsLast(get(key), s.n(), s.c(), s.h() * s.w());
    }

    /** What the file has for a parameter, in our order. Of a matrix or a vector both are the same. */
    float[] parameter(String prefix, String parameter) {
        Shape s = model.weights().shape(parameter);
        return channelsLast(get(prefix + parameter), s.n(), s.c(), s.h() * s.w());
    }

    Optional<int[]> labels(String key) {
        return Optional.ofNullable(labels.get(key));
    }

    /** Training steps; 0 if the file has none. */
    int trainingSteps() {
        return has("train.losses") ? get("train.losses").length : 0;
    }

    /** The norm of all gradients together. */
    double gradientNorm() {
        return Math.sqrt(parameters().stream().mapToDouble(p -> Math.pow(Deviations.norm(get("grad." + p)), 2)).sum());
    }

    Set<String> parameters() {
        return model.weights().names();
    }

    private static float[] channelsLast(float[] x, int n, int c, int pixels) {
        float[] y = new float[x.length];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < c; j++) {
                for (int p = 0; p < pixels; p++) {
                    y[(i * pixels + p) * c + j] = x[(i * c + j) * pixels + p];
                }
            }
        }
        return y;
    }
}
