package sirocco.io;

import java.io.IOException;
import java.nio.file.Path;

/** A file whose contents break the rules of its format. The message names the file, what was expected and what was found. */
public final class MalformedFileException extends IOException {
    private static final long serialVersionUID = 1L;

    public MalformedFileException(Path file, String problem) {
        super(file + ": " + problem);
    }

    public MalformedFileException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
