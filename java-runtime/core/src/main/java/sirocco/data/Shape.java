package sirocco.data;

/**
 * The classes of {@link Shapes}. Each fits the box [−1, 1]², y downwards, and touches at least two of its sides.
 *
 * <p>A shape is the set where {@link #distance} is negative. Near the outline it is the distance to it, to the accuracy that
 * antialiasing needs; unions and intersections are minima and maxima.
 */
public enum Shape {
    DISC, RING, SQUARE, DIAMOND, TRIANGLE, CROSS, HEART, MOON;

    private static final double SQRT_HALF = Math.sqrt(0.5);
    /** The heart's square stands on its tip, {@code LOBE} from centre to corner, and carries a disc on each upper side. */
    private static final double LOBE = 1 / (0.5 + SQRT_HALF);
    private static final double TRIANGLE_SIDE = Math.hypot(1, 1.8);

    /** Signed distance to the outline, negative inside. */
    double distance(double x, double y) {
        double ax = Math.abs(x);
        double ay = Math.abs(y);
        return switch (this) {
            case DISC -> length(x, y) - 1;
            case RING -> Math.abs(length(x, y) - 0.74) - 0.26;
            case SQUARE -> Math.max(ax, ay) - 0.86;
            case DIAMOND -> (ax + ay - 1) * SQRT_HALF;
            case TRIANGLE -> Math.max((1.8 * ax - (y + 0.9)) / TRIANGLE_SIDE, y - 0.9);
            case CROSS -> Math.max(Math.min(ax, ay) - 0.34, Math.max(ax, ay) - 1);
            case HEART -> {
                double fromCentre = y - (1 - LOBE) / 2;
                double square = (ax + Math.abs(fromCentre) - LOBE) * SQRT_HALF;
                double disc = length(ax - LOBE / 2, fromCentre + LOBE / 2) - LOBE * SQRT_HALF;
                yield Math.min(square, disc);
            }
            case MOON -> Math.max(length(x, y) - 1, 0.84 - length(x - 0.5, y + 0.2));
        };
    }

    /** How much of the pixel at (px, py) a shape of {@code radius} centred at (x, y) covers: 0 … 1; all in pixels. */
    double coverage(double px, double py, double x, double y, double radius) {
        double inside = 0.5 - radius * distance((px - x) / radius, (py - y) / radius);
        return Math.clamp(inside, 0.0, 1.0);
    }

    /** Not {@link Math#hypot}, whose care for overflow costs twenty times as much. */
    private static double length(double x, double y) {
        return Math.sqrt(x * x + y * y);
    }
}
