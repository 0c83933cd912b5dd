package sirocco.api;

/**
 * A backend's answer to {@link Backend#probe}.
 *
 * @param detail what was found, or why it cannot be used
 * @param remedy what would mend it; empty when available
 */
public record Availability(boolean available, String detail, String remedy) {
    public static Availability yes(String detail) {
        return new Availability(true, detail, "");
    }

    public static Availability no(String because, String remedy) {
        return new Availability(false, because, remedy);
    }

    @Override
    public String toString() {
        return available ? "available: " + detail : "unavailable, because " + detail + "; " + remedy;
    }
}
