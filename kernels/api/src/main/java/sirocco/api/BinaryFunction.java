package sirocco.api;

/** Functions of two numbers. */
public enum BinaryFunction {
    ADD, SUBTRACT, MULTIPLY, DIVIDE, MINIMUM, MAXIMUM;

    /** f(a, b). */
    public double of(double a, double b) {
        return switch (this) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE -> a / b;
            case MINIMUM -> Math.min(a, b);
            case MAXIMUM -> Math.max(a, b);
        };
    }

    /** As in {@code Multiply}. */
    public String title() {
        return name().charAt(0) + name().substring(1).toLowerCase(java.util.Locale.ROOT);
    }
}
