package sirocco.nn;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import sirocco.api.Shape;
import sirocco.folder.ComponentFolder;
import sirocco.folder.ModelFolder;
import sirocco.folder.WeightFiles;
import sirocco.io.MalformedFileException;
import sirocco.io.SafetensorsWriter;
import sirocco.io.TensorType;

/** Weights in the files of a component. Files have PyTorch's layouts, memory has the logical order of {@link Shape}. */
final class FileWeights extends Weights {
    private static final int NAMES_IN_MESSAGE = 10;
    private static final Set<TensorType> FLOATS = Set.of(TensorType.F64, TensorType.F32, TensorType.F16, TensorType.BF16);

    /** How files from before diffusers 0.12 call the parts of an attention. */
    private static final Map<String, String> OLD_NAMES = Map.of(".to_q.", ".query.", ".to_k.", ".key.", ".to_v.", ".value.",
            ".to_out.0.", ".proj_attn.");

    private final ComponentFolder component;

    private FileWeights(ComponentFolder component, NetworkConfig config) {
        super(config);
        this.component = component;
    }

    /** Checks all of the weights, see {@link Weights#in}. */
    static FileWeights open(ComponentFolder component, NetworkConfig config) throws IOException {
        FileWeights weights = new FileWeights(component, config);
        weights.stream(weights.names(), (_, _) -> { });
        return weights;
    }

    @Override
    public void read(Collection<String> names, BiConsumer<String, float[]> use) {
        try {
            stream(names, use);
        } catch (IOException e) {
            throw new UncheckedIOException("the weights of " + component.path() + " cannot be read any more: " + e.getMessage(), e);
        }
    }

    private void stream(Collection<String> names, BiConsumer<String, float[]> use) throws IOException {
        try (WeightFiles tensors = WeightFiles.open(component)) {
            Map<String, String> keys = match(tensors, names().stream().map(this::parameter).toList());
            for (String name : names) {
                Parameter p = parameter(name);
                String key = keys.get(name);
                float[] theirs = tensors.floats(key);
                NonFiniteException.check(tensors.file(key).toString(), key, theirs);
                use.accept(name, toOurs(theirs, p.shape()));
            }
        }
    }

    static void write(Path file, Weights weights) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
        for (String name : weights.names()) {
            Parameter p = weights.parameter(name);
            writer.floats(name, shapeInFile(p), () -> toTheirs(weights.get(name), p.shape()));
        }
        writer.write(file);
    }

    /** Each parameter's key in the file; an error that lists all that is wrong if the two do not agree. Nothing has been allocated by then. */
    private static Map<String, String> match(WeightFiles tensors, List<Parameter> parameters) throws IOException {
        Map<String, String> keys = new HashMap<>();
        Set<String> extra = new LinkedHashSet<>(tensors.names());
        List<String> missing = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (Parameter p : parameters) {
            String key = tensors.has(p.name()) ? p.name() : oldName(p.name());
            if (!extra.remove(key)) {
                missing.add(p.name());
                continue;
            }
            keys.put(p.name(), key);
            if (!Arrays.equals(tensors.shape(key), shapeInFile(p))) {
                wrong.add(key + " " + Arrays.toString(tensors.shape(key)) + ", expected " + Arrays.toString(shapeInFile(p)));
            } else if (!FLOATS.contains(tensors.info(key).type())) {
                wrong.add(key + " of type " + tensors.info(key).type() + ", expected F32, F16, BF16 or F64");
            }
        }
        if (!missing.isEmpty() || !extra.isEmpty() || !wrong.isEmpty()) {
            throw new MalformedFileException(tensors.file(), "its tensors are not those of the model that " + ModelFolder.CONFIG + " describes"
                    + listed("missing", missing, ", ") + listed("not expected", extra, ", ") + listed("misshapen", wrong, "; "));
        }
        return keys;
    }

    private static String listed(String what, Iterable<String> names, String between) {
        List<String> all = new ArrayList<>();
        names.forEach(all::add);
        return all.isEmpty() ? "" : "; " + all.size() + " " + what + ": " + all.stream().limit(NAMES_IN_MESSAGE).collect(Collectors.joining(between))
                + (all.size() > NAMES_IN_MESSAGE ? ", …" : "");
    }

    private static String oldName(String name) {
        for (Map.Entry<String, String> e : OLD_NAMES.entrySet()) {
            if (name.contains(e.getKey())) {
                return name.replace(e.getKey(), e.getValue());
            }
        }
        return name;
    }

    private static long[] shapeInFile(Parameter p) {
        Shape s = p.shape();
        return switch (p.kind()) {
            case CONV -> new long[] {s.n(), s.c(), s.h(), s.w()};
            case LINEAR, TABLE -> new long[] {s.n(), s.c()};
            case VECTOR -> new long[] {s.c()};
        };
    }

    /** [out,in,rows,columns] to [out,rows,columns,in]; nothing moves where there is one row and one column. */
    private static float[] toOurs(float[] theirs, Shape s) {
        int taps = s.h() * s.w();
        if (taps == 1) {
            return theirs;
        }
        float[] ours = new float[theirs.length];
        int image = taps * s.c();
        for (int o = 0; o < s.n(); o++) {
            for (int i = 0; i < s.c(); i++) {
                for (int tap = 0; tap < taps; tap++) {
                    ours[o * image + tap * s.c() + i] = theirs[o * image + i * taps + tap];
                }
            }
        }
        return ours;
    }

    private static float[] toTheirs(float[] ours, Shape s) {
        float[] theirs = new float[ours.length];
        int taps = s.h() * s.w();
        int image = taps * s.c();
        for (int o = 0; o < s.n(); o++) {
            for (int i = 0; i < s.c(); i++) {
                for (int tap = 0; tap < taps; tap++) {
                    theirs[o * image + i * taps + tap] = ours[o * image + tap * s.c() + i];
                }
            }
        }
        return theirs;
    }
}
