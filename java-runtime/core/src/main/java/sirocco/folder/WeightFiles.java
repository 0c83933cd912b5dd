package sirocco.folder;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import sirocco.io.JsonFields;
import sirocco.io.MalformedFileException;
import sirocco.io.Safetensors;
import sirocco.io.TensorInfo;

/** The tensors of a component's weights: those of one safetensors file, or of several (shards) and an index that says which file has which tensor. */
public final class WeightFiles implements AutoCloseable {
    /** Name of the file if there is one without a variant. */
    public static final String SINGLE = "diffusion_pytorch_model.safetensors";

    private static final int MAX_INDEX_BYTES = 64 << 20;
    private static final int MAX_SHARDS = 10_000;
    private static final int NAMES_IN_MESSAGE = 8;

    private final Path file;
    private final List<Safetensors> open = new ArrayList<>();
    private final Map<String, Safetensors> tensors = new LinkedHashMap<>();

    private WeightFiles(Path file) {
        this.file = file;
    }

    /**
     * Opens the weights of a component and checks headers and index.
     *
     * @throws IOException if there are none, or none of the requested variant; if a file is a Git LFS pointer, truncated or malformed; if shards are missing or
     *     the index does not agree with them
     */
    public static WeightFiles open(ComponentFolder component) throws IOException {
        WeightChoice choice = WeightChoice.of(component);
        WeightFiles files = new WeightFiles(choice.file());
        try {
            if (choice.sharded()) {
                files.shards();
            } else {
                files.add(choice.file());
            }
            return files;
        } catch (Throwable e) {
            files.close();
            throw e;
        }
    }

    /** Returns the file of a component's weights, or their index. @throws IOException if there are none */
    public static Path locate(ComponentFolder component) throws IOException {
        return WeightChoice.of(component).file();
    }

    /** Returns the safetensors file or the index. */
    public Path file() {
        return file;
    }

    /** Returns all names. */
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** Returns what the header says of a tensor. @throws NoSuchElementException if there is no such tensor */
    public TensorInfo info(String name) {
        return in(name).info(name);
    }

    /** Returns a tensor's shape, outermost dimension first. */
    public long[] shape(String name) {
        return in(name).shape(name);
    }

    /** Returns a copy of a tensor of F32, F16, BF16 or F64, as float32. */
    public float[] floats(String name) {
        return in(name).floats(name);
    }

    /** Returns the file that contains a tensor. */
    public Path file(String name) {
        return in(name).file();
    }

    @Override
    public void close() {
        open.forEach(Safetensors::close);
        open.clear();
    }

    private Safetensors in(String name) {
        Safetensors found = tensors.get(name);
        if (found == null) {
            throw new NoSuchElementException(file + ": no tensor \"" + name + "\"");
        }
        return found;
    }

    private Set<String> add(Path safetensors) throws IOException {
        Safetensors one = Safetensors.open(safetensors);
        open.add(one);
        for (String name : one.names()) {
            Safetensors other = tensors.putIfAbsent(name, one);
            if (other != null) {
                throw new MalformedFileException(file, "tensor \"" + name + "\" is in two shards, " + other.file().getFileName() + " and "
                        + safetensors.getFileName() + ". Download the folder again.");
            }
        }
        return one.names();
    }

    private void shards() throws IOException {
        Map<String, Set<String>> byShard = readIndex();
        List<String> missing = new ArrayList<>();
        for (String shard : byShard.keySet()) {
            if (!Links.isFile(file.resolveSibling(shard))) {
                missing.add(shard);
            }
        }
        if (!missing.isEmpty()) {
            throw new MalformedFileException(file, missing.size() + " of " + byShard.size() + " shards are missing: " + shown(missing) + ". Copy or download them.");
        }
        for (Map.Entry<String, Set<String>> shard : byShard.entrySet()) {
            Set<String> found = add(file.resolveSibling(shard.getKey()));
            List<String> absent = shard.getValue().stream().filter(n -> !found.contains(n)).toList();
            List<String> extra = found.stream().filter(n -> !shard.getValue().contains(n)).toList();
            if (!absent.isEmpty() || !extra.isEmpty()) {
                throw new MalformedFileException(file, "the index does not agree with " + shard.getKey() + (absent.isEmpty() ? "" : "; not in it: " + shown(absent))
                        + (extra.isEmpty() ? "" : "; only in it: " + shown(extra)) + ". Download the folder again.");
            }
        }
    }

    /** Returns the tensors of each shard. */
    private Map<String, Set<String>> readIndex() throws IOException {
        JsonFields json = JsonFields.read(file, MAX_INDEX_BYTES);
        JsonNode map = json.get("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw new MalformedFileException(file, "weight_map is missing or empty (expected an object from tensors to files)");
        }
        Map<String, Set<String>> byShard = new TreeMap<>();
        for (Map.Entry<String, JsonNode> e : map.properties()) {
            String shard = e.getValue().asText();
            if (!e.getValue().isTextual() || !shard.endsWith(".safetensors") || shard.contains("/") || shard.contains("\\") || shard.startsWith(".")) {
                throw new MalformedFileException(file, "tensor \"" + e.getKey() + "\" is in " + e.getValue()
                        + " (expected the name of a safetensors file in the same folder)");
            }
            byShard.computeIfAbsent(shard, s -> new LinkedHashSet<>()).add(e.getKey());
        }
        if (byShard.size() > MAX_SHARDS) {
            throw new MalformedFileException(file, byShard.size() + " shards (limit " + MAX_SHARDS + ")");
        }
        return byShard;
    }

    private static String shown(List<String> names) {
        return names.stream().limit(NAMES_IN_MESSAGE).collect(Collectors.joining(", ")) + (names.size() > NAMES_IN_MESSAGE ? ", …" : "");
    }
}
