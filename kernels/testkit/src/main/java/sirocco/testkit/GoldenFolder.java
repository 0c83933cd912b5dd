package sirocco.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of golden data: inputs of a computation with the results that another implementation computed from them.
 *
 * @param path the folder
 * @param name its path below the folder that was searched, separated by {@code /}; its own name if it is the folder that was searched
 * @param kind what the folder holds, as the names of its files show
 */
public record GoldenFolder(Path path, String name, Kind kind) {
    /** Levels of sub-folders that are searched. */
    private static final int DEPTH = 4;

    /** What a folder of golden data holds. */
    public enum Kind {
        /** A diffusers model ({@code config.json} and its weights) and {@code golden.safetensors}. */
        MODEL,
        /** Trajectories of diffusers' schedulers: {@code index.json} and {@code trajectories.safetensors}. */
        SCHEDULERS,
        /** Processes, solvers and other formulas: {@code index.json} with cases of several kinds, and {@code golden.safetensors}. */
        PROCESSES,
        /** Any other data, recognized by {@code case.json}, {@code index.json} or {@code golden.safetensors}. */
        OTHER
    }

    /**
     * Finds golden data in a folder, which may itself be a case, and in its sub-folders. The sub-folders of a case belong to it and are not searched.
     *
     * @return the cases, ordered by path
     * @throws IOException if {@code root} is not a folder or cannot be read
     */
    public static List<GoldenFolder> find(Path root) throws IOException {
        if (!Files.isDirectory(root)) {
            throw new NoSuchFileException(root + ": not a folder (expected a folder with golden data)");
        }
        List<GoldenFolder> found = new ArrayList<>();
        search(root.toAbsolutePath().normalize(), "", DEPTH, found);
        return List.copyOf(found);
    }

    private static void search(Path folder, String name, int depth, List<GoldenFolder> found) throws IOException {
        boolean golden = Files.exists(folder.resolve("golden.safetensors"));
        boolean index = Files.exists(folder.resolve("index.json"));
        if (golden || index || Files.exists(folder.resolve("case.json"))) {
            Kind kind = golden && Files.exists(folder.resolve("config.json")) ? Kind.MODEL
                    : index && Files.exists(folder.resolve("trajectories.safetensors")) ? Kind.SCHEDULERS : golden && index ? Kind.PROCESSES : Kind.OTHER;
            found.add(new GoldenFolder(folder, name.isEmpty() ? String.valueOf(folder.getFileName()) : name, kind));
        } else if (depth > 0) {
            List<Path> folders;
            try (Stream<Path> all = Files.list(folder)) {
                folders = all.filter(Files::isDirectory).sorted().toList();
            }
            for (Path f : folders) {
                search(f, (name.isEmpty() ? "" : name + "/") + f.getFileName(), depth - 1, found);
            }
        }
    }
}
