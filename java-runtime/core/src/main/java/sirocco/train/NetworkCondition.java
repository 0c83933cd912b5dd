package sirocco.train;

import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkConfig;

/** The setting {@code network.condition}: what a network receives beside an image, its time and its class. */
final class NetworkCondition {
    private static final String FIELD = "network.condition";
    private static final String NONE = "none";
    private static final String LOW_RES = "low-res:";

    /** The smallest image that is read from a file. */
    private static final int SMALLEST = 4;

    private NetworkCondition() { }

    /** @throws IllegalArgumentException if a text is not a value of the setting */
    static void check(String text) {
        boolean sized = text != null && text.matches(LOW_RES + "\\d{1,9}") && pixels(text) >= SMALLEST;
        SettingCheck.that(sized || NONE.equals(text) || StartingModel.OWN.equals(text), FIELD, text, "none, own, or low-res:N with N at least " + SMALLEST);
    }

    /** Returns the value for what a network receives. */
    static String of(NetworkConfig config) {
        return config.lowResFactor().isEmpty() ? NONE : LOW_RES + shorter(config.size()) / config.lowResFactor().getAsInt();
    }

    /**
     * Returns a network for a dataset that receives what the setting says.
     *
     * @param size size of the dataset's images
     * @param fitted makes a network for the dataset's images
     * @throws IllegalArgumentException if N is not smaller than the images or does not divide them, or the network is a classifier
     */
    static NetworkConfig fitted(String condition, NetworkConfig base, ImageSize size, UnaryOperator<NetworkConfig> fitted) {
        if (condition.equals(StartingModel.OWN)) {
            return fitted.apply(base);
        }
        NetworkConfig without = fitted.apply(base.withLowResFactor(OptionalInt.empty()));
        if (condition.equals(NONE)) {
            return without;
        }
        int pixels = pixels(condition);
        int factor = shorter(size) / pixels;
        if (factor < 2 || shorter(size) % pixels != 0 || size.height() % factor != 0 || size.width() % factor != 0) {
            throw new IllegalArgumentException(FIELD + ": a partner of " + pixels + " pixels does not fit the images of " + size.height() + "×" + size.width()
                    + " (expected low-res:N with N a divisor of " + shorter(size) + " below it, got " + condition + ").");
        }
        try {
            return without.withLowResFactor(OptionalInt.of(factor));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(FIELD + ": " + condition + ": " + e.getMessage(), e);
        }
    }

    private static int pixels(String condition) {
        return Integer.parseInt(condition.substring(LOW_RES.length()));
    }

    private static int shorter(ImageSize size) {
        return Math.min(size.height(), size.width());
    }
}
