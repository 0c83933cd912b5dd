package sirocco.data;

import java.util.List;

/**
 * Images of one size with class labels, read by number. All methods may be called from any thread at any time before {@link #close}.
 *
 * <p>An image is {@code height × width × channels} unsigned bytes, rows from the top, channels innermost (HWC), sRGB values as stored
 * in the file: 0 is −1 to the model and 255 is +1.
 */
public interface Dataset extends Samples, AutoCloseable {
    int height();

    int width();

    /** 1 (grey) or 3 (red, green, blue). */
    int channels();

    /** A name for each label; empty where the images carry no labels. */
    List<String> classNames();

    /**
     * Writes image {@code index} to {@code into[offset … offset + imageBytes())}; the same index always gives the same bytes.
     *
     * @param index 0 … size − 1
     * @return its label, 0 … classNames().size() − 1, or 0 where there are none
     * @throws DataException naming the file, where it cannot be read
     */
    int read(long index, byte[] into, int offset);

    /** Returns the columns {@link Column#IMAGE} and {@link Column#LABEL}; a dataset without classes has label 0 throughout. */
    @Override
    default List<Column> columns() {
        return List.of(Column.image(height(), width(), channels()), Column.label());
    }

    @Override
    default void read(long index, Batch into, int row) {
        into.ints(Column.LABEL)[row] = read(index, into.bytes(Column.IMAGE), row * imageBytes());
    }

    /** Bytes of one image. */
    default int imageBytes() {
        return height() * width() * channels();
    }

    /** How many files were passed over because their names are not those of images: worth a line to the user where it is not 0. */
    default int ignored() {
        return 0;
    }

    /** Gives back files held open. Reading afterwards fails. */
    @Override
    default void close() {}
}
