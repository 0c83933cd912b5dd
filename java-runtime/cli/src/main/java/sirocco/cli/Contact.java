package sirocco.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import sirocco.api.Shape;
import sirocco.image.Grid;
import sirocco.image.Picture;
import sirocco.image.Pixels;
import sirocco.image.Png;

/** A contact sheet: collects drawn images and writes them as one grid. */
final class Contact {
    /** Small images are shown larger, up to about this many pixels a side. */
    private static final int COMFORTABLE = 64;

    private final Shape shape;
    private final int imageBytes;
    private final byte[] images;
    private int count;

    /**
     * @param shape of a batch of images
     * @param most images at most; later ones are passed over
     */
    Contact(Shape shape, int most) {
        this.shape = shape;
        imageBytes = Math.toIntExact(shape.imageElements());
        images = new byte[Math.multiplyExact(most, imageBytes)];
    }

    /** Image {@code i} of a batch in model range. */
    Picture picture(float[] batch, int i) {
        byte[] pixels = new byte[imageBytes];
        Pixels.toBytes(batch, i * imageBytes, pixels, 0, imageBytes);
        return new Picture(pixels, shape.h(), shape.w(), shape.c());
    }

    void add(float[] batch, int i) {
        if ((count + 1) * imageBytes <= images.length) {
            Pixels.toBytes(batch, i * imageBytes, images, count * imageBytes, imageBytes);
            count++;
        }
    }

    /** The images so far, u8 [count,h,w,c]. */
    byte[] images() {
        return Arrays.copyOf(images, count * imageBytes);
    }

    int count() {
        return count;
    }

    Picture grid() {
        int columns = (int) Math.ceil(Math.sqrt(count));
        return Grid.of(images, count, shape.h(), shape.w(), shape.c(), columns, Math.max(1, COMFORTABLE / shape.w()), 2);
    }

    void write(Path file) throws IOException {
        Png.write(file, grid());
    }
}
