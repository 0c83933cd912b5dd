package sirocco.train;

/** Checks the values of settings. */
final class SettingCheck {
    private SettingCheck() { }

    /** @throws IllegalArgumentException naming path, value and what is expected, unless {@code ok} */
    static void that(boolean ok, String path, Object actual, String expected) {
        if (!ok) {
            throw new IllegalArgumentException(path + ": the value is not possible (expected " + expected + ", got " + actual + ").");
        }
    }
}
