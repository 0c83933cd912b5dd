package sirocco.api;

/**
 * Logical shape [n, h, w, c]: images, rows, columns, channels. A vector of features per image is [n,1,1,c]; tokens are [n,1,tokens,c]; a batch of
 * matrices is [batch,heads,rows,columns]; the weights of a convolution are [out channels, kernel rows, kernel columns, in channels]; a scalar is
 * [1,1,1,1]. Four axes are enough: what needs more (frames, heads within channels) reshapes, since a reshape keeps the logical order of elements.
 */
public record Shape(int n, int h, int w, int c) {
    public static final Shape SCALAR = new Shape(1, 1, 1, 1);

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

    /** [n,1,count,c]: c features for each of {@code count} tokens of n samples. */
    public static Shape tokens(int n, int count, int c) {
        return new Shape(n, 1, count, c);
    }

    public long elements() {
        return (long) n * h * w * c;
    }

    /** Elements of one image. */
    public long imageElements() {
        return (long) h * w * c;
    }

    public int size(Axis axis) {
        return switch (axis) {
            case N -> n;
            case H -> h;
            case W -> w;
            case C -> c;
        };
    }

    /** The shape with another size along one axis. */
    public Shape with(Axis axis, int size) {
        return switch (axis) {
            case N -> new Shape(size, h, w, c);
            case H -> new Shape(n, size, w, c);
            case W -> new Shape(n, h, size, c);
            case C -> new Shape(n, h, w, size);
        };
    }

    public Shape withC(int channels) {
        return new Shape(n, h, w, channels);
    }

    public Shape withN(int images) {
        return new Shape(images, h, w, c);
    }

    /** Whether every axis is as long as {@code other}'s, or of size 1: what can be broadcast to it. */
    public boolean broadcastsTo(Shape other) {
        for (Axis a : Axis.values()) {
            if (size(a) != other.size(a) && size(a) != 1) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return "[" + n + "," + h + "," + w + "," + c + "]";
    }
}
