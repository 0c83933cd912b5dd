package sirocco.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.FileVisitResult;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files and folders that are either there, whole, or not: each is written beside its place under a hidden name, forced to the disk,
 * and moved into place in one step. A failure takes the hidden one away again and leaves what was there before as it was.
 *
 * <p>Hidden names are {@code .NAME.PID-COUNT.tmp}. A process that was killed leaves its own behind: {@link #sweep} removes those.
 */
public final class AtomicFiles {
    private static final AtomicLong COUNT = new AtomicLong();
    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.(\\d{1,18})-\\d+\\.tmp");
    private static final String ASIDE = ".old";
    private static final String UNTOUCHED = "; what was there before is untouched";

    /** Writes a file's contents. */
    @FunctionalInterface
    public interface FileBody {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Fills a new, empty folder. */
    @FunctionalInterface
    public interface FolderBody {
        void writeTo(Path folder) throws IOException;
    }

    private AtomicFiles() {}

    /** Writes or replaces a file; missing parent folders are created. */
    public static void write(Path file, FileBody body) throws IOException {
        Path target = file.toAbsolutePath().normalize();
        Path temporary = temporary(target);
        try {
            Files.createDirectories(target.getParent());
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                body.writeTo(channel);
                channel.force(true);
            }
            move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            discard(temporary, e);
            throw new IOException("cannot write " + file + ": " + reason(e) + UNTOUCHED, e);
        } catch (RuntimeException | Error e) {
            discard(temporary, e);
            throw e;
        }
        forceFolder(target.getParent());
    }

    public static void writeBytes(Path file, byte[] bytes) throws IOException {
        write(file, channel -> {
            for (ByteBuffer buffer = ByteBuffer.wrap(bytes); buffer.hasRemaining(); ) {
                channel.write(buffer);
            }
        });
    }

    /** Writes text as UTF-8. */
    public static void writeText(Path file, String text) throws IOException {
        writeBytes(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes or replaces a whole folder. Everything in the old one goes; nothing of the new one is seen before all of it is there.
     *
     * <p>No file system moves a folder over a full one in one step, so an old folder is first moved aside to {@code .NAME.old}. A
     * process killed between these two moves leaves it there, whole: {@link #recoverFolder} puts it back.
     */
    public static void writeFolder(Path folder, FolderBody body) throws IOException {
        Path target = folder.toAbsolutePath().normalize();
        Path temporary = temporary(target);
        Path aside = aside(target);
        try {
            Files.createDirectories(target.getParent());
            recoverFolder(target);
            Files.createDirectory(temporary);
            body.writeTo(temporary);
            forceTree(temporary);
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                move(target, aside);
            }
            try {
                move(temporary, target);
            } catch (IOException e) {
                if (Files.exists(aside)) {
                    move(aside, target);
                }
                throw e;
            }
        } catch (IOException e) {
            discard(temporary, e);
            throw new IOException("cannot write folder " + folder + ": " + reason(e).replace(UNTOUCHED, "") + UNTOUCHED, e);
        } catch (RuntimeException | Error e) {
            discard(temporary, e);
            throw e;
        }
        forceFolder(target.getParent());
        deleteTree(aside);
    }

    /**
     * Undoes what a process killed in the middle of {@link #writeFolder} left: the old folder returns if the new one did not arrive, and
     * goes if it did. Call it before reading a folder that another process may have been writing when it died.
     */
    public static void recoverFolder(Path folder) throws IOException {
        Path target = folder.toAbsolutePath().normalize();
        Path aside = aside(target);
        if (Files.exists(aside)) {
            if (Files.exists(target)) {
                deleteTree(aside);
            } else {
                move(aside, target);
            }
        }
    }

    /** Removes from {@code folder} (not from folders in it) what writers left there whose processes are no longer running. */
    public static void sweep(Path folder) throws IOException {
        try (DirectoryStream<Path> list = Files.newDirectoryStream(folder, ".*.tmp")) {
            for (Path left : list) {
                Matcher name = TEMPORARY.matcher(left.getFileName().toString());
                if (name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()) {
                    deleteTree(left);
                }
            }
        }
    }

    /** Deletes a file, or a folder and all in it; links are removed, not followed. Nothing happens if there is nothing. */
    public static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static Path temporary(Path target) {
        if (target.getFileName() == null) {
            throw new IllegalArgumentException("cannot write over the root folder " + target);
        }
        return target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet() + ".tmp");
    }

    private static Path aside(Path target) {
        return target.resolveSibling("." + target.getFileName() + ASIDE);
    }

    private static void move(Path from, Path to, StandardCopyOption... options) throws IOException {
        StandardCopyOption[] all = Arrays.copyOf(options, options.length + 1);
        all[options.length] = StandardCopyOption.ATOMIC_MOVE;
        try {
            Files.move(from, to, all);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the file system of " + to.getParent() + " cannot move in one step; choose another folder", e);
        }
    }

    /** A file's name is safe only once its folder is on the disk too. Windows cannot force a folder and does not need to. */
    private static void forceFolder(Path folder) throws IOException {
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static void forceTree(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.force(true);
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
                forceFolder(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void discard(Path temporary, Throwable because) {
        try {
            deleteTree(temporary);
        } catch (IOException e) {
            because.addSuppressed(e);
        }
    }

    /** File system exceptions often carry a path as their whole message; their class says what happened. */
    private static String reason(IOException e) {
        return e instanceof FileSystemException f && f.getReason() == null
                ? e.getClass().getSimpleName() + " " + f.getFile()
                : String.valueOf(e.getMessage());
    }
}
