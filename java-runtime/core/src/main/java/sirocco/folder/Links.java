package sirocco.folder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import sirocco.io.MalformedFileException;

/** Checks whether files exist. Model folders of a download cache consist of symbolic links, so links are followed, and one that leads nowhere is an error. */
final class Links {
    private Links() { }

    /** Returns true if there is a regular file. @throws IOException if there is a symbolic link without a target, or something that is no file */
    static boolean isFile(Path file) throws IOException {
        boolean found = Files.isRegularFile(file);
        if (!found && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new MalformedFileException(file, Files.exists(file) ? "expected a file, found something else" : dangling(file));
        }
        return found;
    }

    /** Returns true if there is a folder. @throws IOException if there is a symbolic link without a target */
    static boolean isFolder(Path folder) throws IOException {
        if (Files.isSymbolicLink(folder) && !Files.exists(folder)) {
            throw new MalformedFileException(folder, dangling(folder));
        }
        return Files.isDirectory(folder);
    }

    private static String dangling(Path link) throws IOException {
        return "symbolic link without a target: it leads to " + Files.readSymbolicLink(link) + ", which does not exist or leads back to the link."
                + " Replace the link, or download the file again.";
    }
}
