package sirocco.folder;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sirocco.io.MalformedFileException;

/**
 * Which of a component's files holds the weights.
 *
 * @param file a safetensors file, or the index of several
 * @param sharded whether it is an index
 * @param variant part of the file's name, such as {@code fp16}
 */
record WeightChoice(Path file, boolean sharded, Optional<String> variant) {
    private static final Pattern SINGLE = Pattern.compile("diffusion_pytorch_model(?:\\.([^.]+))?\\.safetensors");
    /** The variant stands before {@code json}; releases of diffusers before 0.31 wrote it before {@code index}. */
    private static final Pattern SHARDS = Pattern.compile("diffusion_pytorch_model\\.safetensors(?:\\.([^.]+))?\\.index(?:\\.([^.]+))?\\.json");
    private static final Pattern SHARD = Pattern.compile(".*-\\d+-of-\\d+");
    private static final Pattern PICKLE = Pattern.compile("diffusion_(?:pytorch_)?model.*\\.(?:bin|pt|pth|ckpt)");

    /** Files searched in one folder at most. */
    private static final int MAX_FILES = 100_000;

    /**
     * Finds the weights of a component. Without a requested variant these are the ones without a variant in their name, or else those of the only variant. If a
     * variant is in one file and in shards, the shards are taken, as diffusers does.
     *
     * @throws IOException if there are none, or several variants; the message says which there are and what to do
     */
    static WeightChoice of(ComponentFolder component) throws IOException {
        Path folder = component.path();
        Map<String, WeightChoice> found = new TreeMap<>();
        List<String> pickles = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "diffusion_*")) {
            int count = 0;
            for (Path listed : files) {
                if (++count > MAX_FILES) {
                    throw new MalformedFileException(folder, "more than " + MAX_FILES + " files of weights. Remove those that do not belong to the model.");
                }
                String name = listed.getFileName().toString();
                Path file = folder.resolve(name);
                Matcher single = SINGLE.matcher(name);
                Matcher shards = SHARDS.matcher(name);
                if (shards.matches() && Links.isFile(file)) {
                    String variant = shards.group(1) != null ? shards.group(1) : shards.group(2);
                    found.put(variant == null ? "" : variant, new WeightChoice(file, true, Optional.ofNullable(variant)));
                } else if (single.matches() && Links.isFile(file) && (single.group(1) == null || !SHARD.matcher(single.group(1)).matches())) {
                    found.putIfAbsent(single.group(1) == null ? "" : single.group(1), new WeightChoice(file, false, Optional.ofNullable(single.group(1))));
                } else if (PICKLE.matcher(name).matches()) {
                    pickles.add(name);
                }
            }
        }
        return choose(component, found, pickles);
    }

    private static WeightChoice choose(ComponentFolder component, Map<String, WeightChoice> found, List<String> pickles) throws IOException {
        Path plain = component.path().resolve(WeightFiles.SINGLE);
        List<String> variants = found.keySet().stream().filter(v -> !v.isEmpty()).toList();
        if (component.variant().isPresent()) {
            String wanted = component.variant().get();
            if (!found.containsKey(wanted)) {
                throw new MalformedFileException(component.path(), "no weights of variant \"" + wanted + "\" (" + (found.isEmpty() ? "there are none"
                        : "there are " + String.join(", ", variants) + (found.containsKey("") ? (variants.isEmpty() ? "" : " and ") + "weights without a variant" : ""))
                        + "). Choose another variant.");
            }
            return found.get(wanted);
        }
        if (found.containsKey("")) {
            return found.get("");
        }
        if (variants.size() == 1) {
            return found.get(variants.getFirst());
        }
        if (!variants.isEmpty()) {
            throw new MalformedFileException(plain, "no such file; the folder has several variants of the weights (" + String.join(", ", variants)
                    + "). Say which variant to read.");
        }
        if (!pickles.isEmpty()) {
            throw new MalformedFileException(component.path().resolve(pickles.getFirst()), "weights in PyTorch's pickle format are not read, since such a file can run code"
                    + " (expected " + WeightFiles.SINGLE + "). Convert the folder in Python: diffusers." + component.className() + ".from_pretrained(FOLDER)"
                    + ".save_pretrained(NEW_FOLDER, safe_serialization=True).");
        }
        throw new MalformedFileException(plain, "no such file, and no shards or variants of it. Copy or download the weights; they are read from safetensors only"
                + " (in Python: save_pretrained(FOLDER, safe_serialization=True)).");
    }
}
