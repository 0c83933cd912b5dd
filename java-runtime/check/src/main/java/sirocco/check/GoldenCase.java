package sirocco.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import sirocco.api.Shape;
import sirocco.io.Safetensors;
import sirocco.io.TensorType;
import sirocco.model.DiffusersFolder;

/** A model with what PyTorch computed from it: inputs and answers of a forward pass and of five training steps. */
record GoldenCase(String name, DiffusersFolder model, Map<String, float[]> floats, Map<String, long[]> shapes, Map<String, int[]> labels) {
    /** Every sub-folder that is a model with answers. */
    static List<Path> cases(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(f -> Files.exists(f.resolve("config.json")) && Files.exists(f.resolve("golden.safetensors"))).sorted().toList();
        }
    }

    static GoldenCase read(Path folder) throws IOException {
        Map<String, float[]> floats = new HashMap<>();
        Map<String, long[]> shapes = new HashMap<>();
        Map<String, int[]> labels = new HashMap<>();
        try (Safetensors file = Safetensors.open(folder.resolve("golden.safetensors"))) {
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
        return new GoldenCase(folder.getFileName().toString(), DiffusersFolder.load(folder), floats, shapes, labels);
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

    int trainingSteps() {
        return get("train.losses").length;
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
