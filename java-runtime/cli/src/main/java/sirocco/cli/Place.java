package sirocco.cli;

import java.util.Arrays;
import java.util.Locale;
import sirocco.api.Backends;
import sirocco.api.Settings.Precision;

/**
 * Where a measurement is made, and in what.
 *
 * @param backend by name
 * @param device which of the backend's, from 0
 */
record Place(String backend, int device, Precision precision) {
    /**
     * @param text BACKEND[:DEVICE][:PRECISION], as in tornado, tornado:1 or tornado:bf16
     * @param otherwise the precision where it names none
     * @throws IllegalArgumentException if it is not of this form, or there is no such backend here
     */
    static Place parse(String text, Precision otherwise) {
        String[] parts = text.split(":", -1);
        int next = 1;
        int device = 0;
        if (next < parts.length && parts[next].matches("\\d{1,4}")) {
            device = Integer.parseInt(parts[next++]);
        }
        Precision precision = otherwise;
        if (next < parts.length) {
            String name = parts[next++].toUpperCase(Locale.ROOT);
            precision = Arrays.stream(Precision.values()).filter(p -> p.name().equals(name)).findFirst().orElseThrow(() -> malformed(text));
        }
        if (next < parts.length) {
            throw malformed(text);
        }
        return new Place(Backends.choose(parts[0]).name(), device, precision);
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException("--beside " + text + ": expected BACKEND, BACKEND:DEVICE, BACKEND:PRECISION or BACKEND:DEVICE:PRECISION, as tornado:1:bf16; "
                + "precisions are f32, tf32 and bf16");
    }

    /** The first device and f32 go without saying. */
    @Override
    public String toString() {
        return backend + (device == 0 ? "" : ":" + device) + (precision == Precision.F32 ? "" : ":" + precision.name().toLowerCase(Locale.ROOT));
    }
}
