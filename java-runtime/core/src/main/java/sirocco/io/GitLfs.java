package sirocco.io;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Recognizes pointer files of Git Large File Storage: the few lines of text that a repository has in place of a large file that was not fetched.
 *
 * @see <a href="https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md">the format</a>
 */
final class GitLfs {
    /** A pointer file has less than 1024 bytes. */
    static final int MAX_BYTES = 1024;

    private static final String START = "version https://git-lfs.github.com/spec/";
    private static final Pattern SIZE = Pattern.compile("^size (\\d{1,18})$", Pattern.MULTILINE);

    private GitLfs() { }

    /**
     * Refuses a pointer file.
     *
     * @param bytes what the file contains, or its first {@link #MAX_BYTES} bytes
     * @throws MalformedFileException if the file is a pointer
     */
    static void refusePointer(Path file, byte[] bytes) throws MalformedFileException {
        String text = new String(bytes, 0, Math.min(bytes.length, MAX_BYTES), StandardCharsets.ISO_8859_1);
        if (text.startsWith(START)) {
            Matcher size = SIZE.matcher(text);
            throw new MalformedFileException(file, "this is a Git LFS pointer, not the file itself"
                    + (size.find() ? " (expected " + size.group(1) + " bytes, got a pointer of " + bytes.length + ")" : "")
                    + ". Fetch the file with \"git lfs pull\" in its repository, or download it again.");
        }
    }
}
