package sirocco.data;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes PNG and JPEG to one size. Values are taken as they are stored, whatever colour profile a file carries; transparent pixels
 * are laid on white; 16 bits are scaled to 8; an orientation noted in EXIF is not applied.
 */
final class ImageDecoder {
    private ImageDecoder() {}

    /**
     * Decodes, crops to the central square and resizes to u8 [side, side, channels] at {@code into[offset]}.
     *
     * @param file the whole file
     * @param where how messages name it
     * @param channels 1 or 3
     * @throws DataException where it cannot be done
     */
    static void decode(byte[] file, String where, int side, int channels, byte[] into, int offset) {
        ImageHeader header = ImageHeader.of(file, where);
        BufferedImage image = read(file, header, where);
        Resampler.resize(rows(image, channels), image.getHeight(), image.getWidth(), channels, side, into, offset);
    }

    /**
     * Decodes an image of this size and these channels only.
     *
     * @throws DataException if it has another size or other channels, or cannot be decoded
     */
    static void decodeExact(byte[] file, String where, int side, int channels, byte[] into, int offset) {
        ImageHeader header = ImageHeader.of(file, where);
        if (header.width() != side || header.height() != side) {
            throw new DataException(where + " has " + header.width() + " x " + header.height() + " pixels (expected " + side + " x " + side + "); resize or remove it");
        }
        int own = read(file, header, where).getColorModel().getNumColorComponents();
        if (own != channels) {
            throw new DataException(where + " has " + name(own) + " (expected " + name(channels) + "); convert or remove it");
        }
        decode(file, where, side, channels, into, offset);
    }

    private static String name(int channels) {
        return channels == 1 ? "1 channel, gray" : channels + " channels, color";
    }

    private static BufferedImage read(byte[] file, ImageHeader header, String where) {
        ImageReader reader = ImageIO.getImageReadersByFormatName(header.png() ? "png" : "jpeg").next();
        String[] damage = new String[1];
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.addIIOReadWarningListener((_, warning) -> damage[0] = isDamage(warning) ? warning : damage[0]);
            reader.setInput(in, true, true);
            BufferedImage image = reader.read(0);
            if (damage[0] != null) {
                throw new DataException(where + " is corrupt: " + damage[0] + "; replace or remove it");
            }
            if (image.getWidth() != header.width() || image.getHeight() != header.height()) {
                throw new DataException(where + " is corrupt: its header says " + header.width() + " x " + header.height() + ", it holds "
                        + image.getWidth() + " x " + image.getHeight());
            }
            return image;
        } catch (IOException | RuntimeException e) {
            // The JDK's readers meet damaged files with almost any exception.
            if (e instanceof DataException known) {
                throw known;
            }
            String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new DataException(where + " cannot be decoded: " + reason + "; replace or remove it", e);
        } finally {
            reader.dispose();
        }
    }

    /** The JPEG library fills in grey where data are missing, and only warns; about profiles and metadata it warns too. */
    private static boolean isDamage(String warning) {
        return warning.startsWith("Corrupt JPEG data") || warning.startsWith("Truncated File") || warning.startsWith("Premature end");
    }

    private static Resampler.Rows rows(BufferedImage image, int channels) {
        ColorModel model = image.getColorModel();
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        if (model instanceof IndexColorModel palette) {
            int[] samples = new int[image.getWidth()];
            return (y, left, count, into) -> {
                raster.getSamples(left, y, count, 1, 0, samples);
                for (int x = 0; x < count; x++) {
                    int argb = palette.getRGB(samples[x]);
                    put(into, x, channels, argb >> 16 & 0xFF, argb >> 8 & 0xFF, argb & 0xFF, (argb >>> 24) / 255f);
                }
            };
        }
        // Samples rather than getRGB, which takes Java's grey for linear light and would brighten it.
        int[] samples = new int[image.getWidth() * bands];
        float scale = 255f / ((1 << model.getComponentSize(0)) - 1);
        boolean alpha = bands == 2 || bands == 4;
        int green = bands >= 3 ? 1 : 0;
        int blue = bands >= 3 ? 2 : 0;
        return (y, left, count, into) -> {
            raster.getPixels(left, y, count, 1, samples);
            for (int x = 0; x < count; x++) {
                int at = x * bands;
                float opacity = alpha ? samples[at + bands - 1] * scale / 255 : 1;
                put(into, x, channels, samples[at] * scale, samples[at + green] * scale, samples[at + blue] * scale, opacity);
            }
        };
    }

    private static void put(float[] row, int x, int channels, float red, float green, float blue, float opacity) {
        float white = 255 * (1 - opacity);
        if (channels == 1) {
            // Equal values are taken as they are: the weights' sum is 1 only to rounding.
            float luma = red == green && green == blue ? red : (float) Luma.of(red, green, blue);
            row[x] = luma * opacity + white;
        } else {
            row[3 * x] = red * opacity + white;
            row[3 * x + 1] = green * opacity + white;
            row[3 * x + 2] = blue * opacity + white;
        }
    }
}
