package sirocco.check;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@code sirocco info} printed to a stage's log. */
final class InfoLog {
    private InfoLog() { }

    /** What was said last of a backend: whether it is available, and its devices; empty if there is no such line. */
    static String backend(Path log, String name) throws IOException {
        if (!Files.exists(log)) {
            return "";
        }
        Matcher line = Pattern.compile("(?m)^ +" + Pattern.quote(name) + " +(.+)$").matcher(new String(Files.readAllBytes(log), StandardCharsets.UTF_8));
        String last = ""; // a call that continues another one appends
        while (line.find()) {
            last = line.group(1).strip();
        }
        return last;
    }
}
