package sirocco.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import sirocco.io.AtomicFiles;

/**
 * The checkpoints of a run: folders {@code checkpoints/step-00000500}, each there whole or not at all, so that the newest one is always
 * a place to go on from, whenever the process was killed.
 */
public final class Checkpoints {
    private static final Pattern NAME = Pattern.compile("step-(\\d{8,18})");

    private final Path folder;

    /** @param run the run's folder */
    public Checkpoints(Path run) {
        folder = run.resolve("checkpoints");
    }

    /** A checkpoint and the number of steps that were done when it was taken. */
    public record Entry(long step, Path folder) { }

    /** All, oldest first. */
    public List<Entry> list() throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(Checkpoints::entry).flatMap(Optional::stream).sorted(Comparator.comparingLong(Entry::step)).toList();
        }
    }

    public Optional<Entry> latest() throws IOException {
        List<Entry> all = list();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
    }

    /** Adds the checkpoint of {@code step}, then removes the oldest ones beyond {@code keep}. */
    Path add(long step, int keep, AtomicFiles.FolderBody body) throws IOException {
        Path target = folder.resolve("step-%08d".formatted(step));
        AtomicFiles.writeFolder(target, body);
        List<Entry> all = list();
        for (Entry old : all.subList(0, Math.max(0, all.size() - keep))) {
            AtomicFiles.deleteTree(old.folder());
        }
        return target;
    }

    /** Removes what killed processes left half-written. */
    void sweep() throws IOException {
        if (Files.isDirectory(folder)) {
            AtomicFiles.sweep(folder);
        }
    }

    private static Optional<Entry> entry(Path p) {
        Matcher m = NAME.matcher(p.getFileName().toString());
        return m.matches() && Files.isDirectory(p) ? Optional.of(new Entry(Long.parseLong(m.group(1)), p)) : Optional.empty();
    }
}
