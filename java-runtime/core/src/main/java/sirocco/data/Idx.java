package sirocco.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Reads MNIST and its relatives of ten classes (Fashion-MNIST, KMNIST): a file of images and one of labels in IDX format, gzipped or
 * not. A header counts for nothing unless the file's length agrees.
 */
final class Idx {
    private static final int IMAGES_MAGIC = 0x0803;
    private static final int LABELS_MAGIC = 0x0801;
    private static final int CLASSES = 10;
    private static final int LARGEST_SIDE = 4096;
    private static final Pattern IMAGES_NAME = Pattern.compile("(.*)images([-.])idx3-ubyte(\\.gz)?");

    private Idx() {}

    /** The image files of a folder, as {@code part} ("train" or "test") selects them by the beginning of their names. */
    static List<Path> imageFiles(Path folder, String part) {
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(file -> {
                Matcher name = IMAGES_NAME.matcher(file.getFileName().toString());
                return name.matches() && isPart(name.group(1), part);
            }).sorted().toList();
        } catch (IOException e) {
            throw new DataException("cannot list folder \"" + folder + "\": " + e, e);
        }
    }

    /** MNIST calls its test set t10k. */
    private static boolean isPart(String prefix, String part) {
        boolean test = prefix.startsWith("t10k") || prefix.startsWith("test");
        return part.equals("test") == test;
    }

    /** @param size 0 for the shorter side of the images */
    static Dataset open(Path images, int size, int channels) {
        Matcher name = IMAGES_NAME.matcher(images.getFileName().toString());
        if (!name.matches()) {
            throw new DataException("\"" + images + "\" holds IDX images, but to find their labels its name must be like "
                    + "train-images-idx3-ubyte or train-images-idx3-ubyte.gz; rename both files");
        }
        String stem = name.group(1) + "labels" + name.group(2) + "idx1-ubyte";
        Path labels = Stream.of(stem, stem + ".gz").map(images::resolveSibling).filter(Files::exists).findFirst().orElseThrow(
                () -> new DataException("\"" + images + "\" has no labels beside it: expected \"" + stem + "\" or \"" + stem + ".gz\""));
        return read(images, labels, size, channels);
    }

    private static Dataset read(Path imageFile, Path labelFile, int size, int channels) {
        String where = "\"" + imageFile + "\"";
        byte[] labelBytes;
        List<byte[]> images = new ArrayList<>();
        int side;
        try (InputStream in = open(imageFile)) {
            long count = header(in, imageFile, IMAGES_MAGIC, "images");
            long height = u32(in, imageFile);
            long width = u32(in, imageFile);
            if (count < 1 || height < 1 || width < 1 || height > LARGEST_SIDE || width > LARGEST_SIDE) {
                throw new DataException(where + " says that it holds " + count + " images of " + height + " x " + width
                        + ", expected at least one of at most " + LARGEST_SIDE + " each way; download it again");
            }
            side = size > 0 ? size : (int) Math.min(height, width);
            StoredImages.requireRoom(where, count * side * side * channels);
            requireLength(imageFile, 16 + count * height * width);
            byte[] raw = new byte[(int) (height * width)];
            for (long i = 0; i < count; i++) {
                if (in.readNBytes(raw, 0, raw.length) < raw.length) {
                    throw new DataException(where + " is truncated: its header says " + count + " images, it ends in number " + i
                            + "; download it again");
                }
                images.add(convert(raw, (int) height, (int) width, side, channels));
            }
            requireEnd(in, imageFile, count + " images");
        } catch (IOException e) {
            throw unreadable(imageFile, e);
        }
        try (InputStream in = open(labelFile)) {
            long count = header(in, labelFile, LABELS_MAGIC, "labels");
            if (count != images.size()) {
                throw new DataException("\"" + labelFile + "\" has " + count + " labels for " + images.size() + " images of " + where
                        + "; the two files do not belong together");
            }
            requireLength(labelFile, 8 + count);
            labelBytes = in.readNBytes(images.size());
            if (labelBytes.length < count) {
                throw new DataException("\"" + labelFile + "\" is truncated: its header says " + count + " labels, it has " + labelBytes.length
                        + "; download it again");
            }
            requireEnd(in, labelFile, count + " labels");
        } catch (IOException e) {
            throw unreadable(labelFile, e);
        }
        int[] labels = new int[labelBytes.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = labelBytes[i] & 0xFF;
            if (labels[i] >= CLASSES) {
                throw new DataException("\"" + labelFile + "\": label " + i + " is " + labels[i] + ", expected 0 to " + (CLASSES - 1));
            }
        }
        List<String> classes = IntStream.range(0, CLASSES).mapToObj(String::valueOf).toList();
        return new StoredImages(imageFile.toString(), side, channels, images, labels, classes);
    }

    private static byte[] convert(byte[] raw, int height, int width, int side, int channels) {
        byte[] image = new byte[side * side * channels];
        Resampler.resize((y, left, count, into) -> {
            for (int k = 0; k < count * channels; k++) {
                into[k] = raw[y * width + left + k / channels] & 0xFF;
            }
        }, height, width, channels, side, image, 0);
        return image;
    }

    private static InputStream open(Path file) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        if (!isGzip(file)) {
            return in;
        }
        try {
            return new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16);
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private static boolean isGzip(Path file) {
        return file.getFileName().toString().endsWith(".gz");
    }

    private static long header(InputStream in, Path file, int magic, String what) throws IOException {
        long found = u32(in, file);
        if (found != magic) {
            throw new DataException(String.format("\"%s\" begins with %08x, expected %08x (IDX, unsigned bytes, %s); download it again", file,
                    found, magic, what));
        }
        return u32(in, file);
    }

    private static long u32(InputStream in, Path file) throws IOException {
        byte[] four = in.readNBytes(4);
        if (four.length < 4) {
            throw new DataException("\"" + file + "\" is truncated: it ends within its header; download it again");
        }
        return ByteBuffer.wrap(four).getInt() & 0xFFFF_FFFFL;
    }

    /** Where the length is known beforehand it tells at once whether the header lies. */
    private static void requireLength(Path file, long expected) throws IOException {
        if (!isGzip(file) && Files.size(file) != expected) {
            throw new DataException("\"" + file + "\" has " + Files.size(file) + " bytes, its header implies " + expected + "; download it again");
        }
    }

    private static void requireEnd(InputStream in, Path file, String after) throws IOException {
        if (in.read() >= 0) {
            throw new DataException("\"" + file + "\" goes on after the " + after + " that its header announces; download it again");
        }
    }

    private static DataException unreadable(Path file, IOException e) {
        return new DataException("\"" + file + "\" cannot be read: " + e.getMessage() + "; download it again", e);
    }
}
