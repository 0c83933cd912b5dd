package sirocco.io;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;

/** Says what is wrong with JSON to someone who wrote it. */
public final class JsonErrors {
    private JsonErrors() { }

    /** One line: where, and what; without the parser's talk of its own source. */
    public static String describe(JacksonException e) {
        JsonLocation at = e.getLocation();
        String where = at == null || at.getLineNr() < 1 ? "" : "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": ";
        String what = e.getOriginalMessage().replaceAll("(?s) *\\((start marker )?at \\[Source:[^\\]]*\\]\\)", "").replaceAll("\\s+", " ").strip();
        return where + what;
    }
}
