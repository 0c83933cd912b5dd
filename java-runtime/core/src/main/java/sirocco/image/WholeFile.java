package sirocco.image;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writes a file beside its place and then renames it, so that nobody ever reads half of it. */
final class WholeFile {
    private WholeFile() {}

    static void write(Path file, byte[] content) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException("\"" + file + "\" is not the name of a file");
        }
        Files.createDirectories(folder);
        Path aside = folder.resolve("." + file.getFileName() + ".part" + ProcessHandle.current().pid());
        try {
            Files.write(aside, content);
            try {
                Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new IOException("cannot write \"" + file + "\" (" + content.length + " bytes): " + e, e);
        } finally {
            Files.deleteIfExists(aside);
        }
    }
}
