package sirocco.api;

/**
 * Logical shape [n, h, w, c]: images, rows, columns, channels. A vector of features per image is [n,1,1,c]; the weights of a
 * convolution are [out channels, kernel rows, kernel columns, in channels]; a scalar is [1,1,1,1].
 */
public record Shape(int n, int h, int w, int c) {
    public Shape {
        if (n < 1 || h < 1 || w < 1 || c < 1) {
            throw new IllegalArgumentException("shape: every dimension must be at least 1, got [%d,%d,%d,%d]".formatted(n, h, w, c));
        }
    }

    /** [1,1,1,c] */
    public static Shape vector(int c) {
        return new Shape(1, 1, 1, c);
    }

    /** [n,1,1,c]: c features for each of n images. */
    public static Shape features(int n, int c) {
        return new Shape(n, 1, 1, c);
    }

    public long elements() {
        return (long) n * h * w * c;
    }

    /** Elements of one image. */
    public long imageElements() {
        return (long) h * w * c;
    }

    public Shape withC(int channels) {
        return new Shape(n, h, w, channels);
    }

    public Shape withN(int images) {
        return new Shape(images, h, w, c);
    }

    @Override
    public String toString() {
        return "[" + n + "," + h + "," + w + "," + c + "]";
    }
}
