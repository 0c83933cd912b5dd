package sirocco.nn;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import sirocco.io.JsonFields;

/** Size of the images that a model works on, in pixels. */
public record ImageSize(int height, int width) {
    public static ImageSize square(int pixels) {
        return new ImageSize(pixels, pixels);
    }

    /**
     * Reads a size from a configuration: one number for a square, or [height, width].
     *
     * @return the size; empty if the key is absent or its value is null
     * @throws IllegalArgumentException if the value is something else
     */
    public static Optional<ImageSize> read(JsonFields json, String key) {
        JsonNode node = json.get(key);
        if (node.isMissingNode() || node.isNull()) {
            return Optional.empty();
        }
        if (pixels(node)) {
            return Optional.of(square(node.intValue()));
        }
        if (node.isArray() && node.size() == 2 && pixels(node.get(0)) && pixels(node.get(1))) {
            return Optional.of(new ImageSize(node.get(0).intValue(), node.get(1).intValue()));
        }
        throw json.wrong(key, "the images' size in pixels, as one number or [height, width], or null");
    }

    private static boolean pixels(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToInt();
    }
}
