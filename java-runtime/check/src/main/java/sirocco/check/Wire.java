package sirocco.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintStream;
import java.util.Optional;

/** What a process that checks tells the one that started it: a line each on its standard output, where others may write, too. */
final class Wire {
    private static final String MARK = "@check ";
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * A line. What does not belong to its kind is null or 0.
     *
     * @param kind what it tells
     * @param number of a check or of parts that are done, or how many there are
     * @param group of a check that begins
     * @param family of a check that begins: those that may fail for one reason
     * @param name of a check that begins; of what is counted; or the device's
     * @param text about the device
     * @param outcome of the check that began last
     */
    record Line(Kind kind, int number, String group, String family, String name, String text, Outcome outcome) { }

    enum Kind { DEVICE, PART, AT, BEGIN, ALIVE, END, DONE }

    private final PrintStream out;

    Wire(PrintStream out) {
        this.out = out;
    }

    void device(String opened, String described) {
        send(new Line(Kind.DEVICE, 0, null, null, described, opened, null));
    }

    void part(String unit, int count) {
        send(new Line(Kind.PART, count, null, null, unit, null, null));
    }

    void at(int done) {
        send(new Line(Kind.AT, done, null, null, null, null, null));
    }

    void begin(int number, String group, String family, String name) {
        send(new Line(Kind.BEGIN, number, group, family, name, null, null));
    }

    /** That the check goes on, although it takes long. */
    void alive() {
        send(new Line(Kind.ALIVE, 0, null, null, null, null, null));
    }

    void end(Outcome outcome) {
        send(new Line(Kind.END, 0, null, null, null, null, outcome));
    }

    void done() {
        send(new Line(Kind.DONE, 0, null, null, null, null, null));
    }

    private void send(Line line) {
        try {
            out.println(MARK + JSON.writeValueAsString(line));
            out.flush();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a line says; empty if it is somebody else's. */
    static Optional<Line> read(String text) {
        if (!text.startsWith(MARK)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(text.substring(MARK.length()), Line.class));
        } catch (JsonProcessingException e) {
            return Optional.empty(); // cut off, as its writer was
        }
    }
}
