package sirocco.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Distances beside what they may be, gathered over one check. */
final class Deviations {
    private final List<String> violations = new ArrayList<>();
    private double worst;
    private String detail = "";

    /** A NaN is too far. */
    void add(String what, double distance, double allowed) {
        double share = distance == 0 ? 0 : distance / allowed;
        share = Double.isNaN(share) ? Double.POSITIVE_INFINITY : share;
        String text = share <= 1 ? null : String.format(Locale.ROOT, "%s is %.3g, expected at most %.3g", what, distance, allowed);
        add(share, text);
    }

    /** @param violation what is wrong, or null */
    void add(double share, String violation) {
        worst = Math.max(worst, share);
        if (violation != null) {
            violations.add(violation);
        }
    }

    /** The same, with a text on the worst element that is kept where it is not wrong. */
    void add(double share, String violation, String element) {
        if (share >= worst) {
            detail = element;
        }
        add(share, violation);
    }

    /** What is known of the worst element; empty if nothing. */
    String detail() {
        return detail;
    }

    List<String> violations() {
        return violations;
    }

    /** The largest share of what is allowed that is used; above 1 is too much. */
    double worst() {
        return worst;
    }

    /** Returns the Euclidean norm ‖x‖₂. */
    static double norm(float[] x) {
        double sum = 0;
        for (float f : x) {
            sum += (double) f * f;
        }
        return Math.sqrt(sum);
    }
}
