package sirocco.model;

/** Of the images that a model is to work on, in pixels. */
public record ImageSize(int height, int width) {
    public static ImageSize square(int pixels) {
        return new ImageSize(pixels, pixels);
    }
}
