package sirocco.data;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Opens whatever images one has. */
public final class Datasets {
    /** What {@link #open} takes, for a help text. */
    public static final String KINDS = "shapes16, shapes32 or any other shapesN (built in; N a multiple of 8); a folder or ZIP of PNG and "
            + "JPEG files, one sub-folder a class; CIFAR-10's binary version (tar.gz, folder or one .bin file); MNIST's IDX files (folder or "
            + "images file, gzipped or not). #test after CIFAR-10 or MNIST takes the test images.";

    private static final Pattern SHAPES = Pattern.compile("shapes(\\d{0,5})");
    private static final int LARGEST_SIDE = 4096;

    private Datasets() {}

    /**
     * Recognises a dataset by its name or, for files, by what is in them.
     *
     * @param spec see {@link #KINDS}
     * @param size height and width to crop and resize to, 4 … 4096; 0 for the dataset's own (of image files: the first one's)
     * @param channels 1 (grey) or 3 (RGB); 0 for the dataset's own
     * @throws DataException where there is nothing of that name or it cannot be used: says what was tried
     */
    public static Dataset open(String spec, int size, int channels) {
        if (size != 0 && (size < 4 || size > LARGEST_SIDE)) {
            throw new DataException("dataset \"" + spec + "\": expected an image size of 4 to " + LARGEST_SIDE + ", or 0 for its own, got " + size);
        }
        if (channels != 0 && channels != 1 && channels != 3) {
            throw new DataException("dataset \"" + spec + "\": expected 1 or 3 channels, or 0 for its own, got " + channels);
        }
        Matcher shapes = SHAPES.matcher(spec);
        if (shapes.matches()) {
            return openShapes(spec, shapes.group(1), size, channels);
        }
        String file = spec;
        String part = "train";
        if (spec.matches("(?s).+#(train|test)") && !exists(spec)) {
            file = spec.substring(0, spec.lastIndexOf('#'));
            part = spec.substring(spec.lastIndexOf('#') + 1);
        }
        if (!exists(file)) {
            throw new DataException("dataset \"" + spec + "\": not a built-in one, and no file or folder of that name"
                    + (new File(file).isAbsolute() ? "" : " in \"" + Path.of("").toAbsolutePath() + "\"")
                    + "; give one of: " + KINDS);
        }
        Path path = Path.of(file);
        try {
            Dataset dataset = Files.isDirectory(path) ? openFolder(path, part, size, channels) : openFile(path, part, size, channels);
            if (!file.equals(spec) && dataset instanceof ImageFiles) {
                dataset.close();
                throw new DataException("dataset \"" + spec + "\": #" + part + " is for CIFAR-10 and MNIST; of image files give the folder");
            }
            return dataset;
        } catch (IOException e) {
            throw new DataException("dataset \"" + path + "\" cannot be read: " + e, e);
        }
    }

    /**
     * Opens images that have one size and number of channels already, and reads them all, unless they have no end. Nothing is resized, cropped or converted.
     *
     * @param spec see {@link #KINDS}; also a single PNG or JPEG file
     * @param side height and width
     * @param channels 1 or 3
     * @throws DataException if there is nothing of that name, or an image has another size or other channels
     */
    public static Dataset openExact(String spec, int side, int channels) {
        Dataset data = openExactly(spec, side, channels);
        try {
            if (data.height() != side || data.width() != side || data.channels() != channels) {
                throw new DataException("dataset \"" + spec + "\" has images of " + data.width() + " x " + data.height() + " pixels and " + data.channels()
                        + " channels (expected " + side + " x " + side + " and " + channels + ")");
            }
            readAll(data, _ -> true);
            return data;
        } catch (RuntimeException e) {
            data.close();
            throw e;
        }
    }

    private static Dataset openExactly(String spec, int side, int channels) {
        if (exists(spec) && Files.isRegularFile(Path.of(spec)) && ImageFiles.hasImageEnding(spec)) {
            return ImageFiles.exact(Path.of(spec), FileTree.ofFile(Path.of(spec)), side, channels);
        }
        Dataset data = open(spec, 0, 0);
        return data instanceof ImageFiles files ? files.exact(side, channels) : data;
    }

    /**
     * Reads every image once: meets a bad one now rather than hours into a run, and fills the memory cache. Does nothing for a dataset
     * without end.
     *
     * @param goOn told after each image how many have been read; false ends it
     */
    public static void readAll(Dataset dataset, LongPredicate goOn) {
        if (dataset.size() == Dataset.UNLIMITED) {
            return;
        }
        byte[] image = new byte[dataset.imageBytes()];
        for (long i = 0; i < dataset.size(); i++) {
            dataset.read(i, image, 0);
            if (!goOn.test(i + 1)) {
                return;
            }
        }
    }

    private static boolean exists(String file) {
        try {
            return !file.isEmpty() && Files.exists(Path.of(file));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static Dataset openShapes(String spec, String digits, int size, int channels) {
        int side = !digits.isEmpty() ? Integer.parseInt(digits) : size > 0 ? size : 16;
        if (size != 0 && size != side) {
            throw new DataException("dataset \"" + spec + "\" has images of " + side + " x " + side + ", asked for " + size + "; use shapes" + size
                    + " or leave the size out");
        }
        return new Shapes(side, channels == 0 ? 3 : channels, 0);
    }

    private static Dataset openFolder(Path folder, String part, int size, int channels) throws IOException {
        for (Path inside : List.of(folder, folder.resolve("cifar-10-batches-bin"))) {
            List<Path> batches = Files.isDirectory(inside) ? Cifar.files(inside) : List.of();
            if (!batches.isEmpty()) {
                return Cifar.openFolder(inside, batches, part, size, channels == 0 ? 3 : channels);
            }
        }
        List<Path> idx = Idx.imageFiles(folder, part);
        if (!idx.isEmpty()) {
            return Idx.open(idx.getFirst(), size, channels == 0 ? 1 : channels);
        }
        try (Stream<Path> list = Files.list(folder)) {
            if (list.findAny().isEmpty()) {
                throw new DataException("dataset \"" + folder + "\" is an empty folder; expected one of: " + KINDS);
            }
        }
        FileTree files = FileTree.ofFolder(folder);
        if (files.names().stream().noneMatch(ImageFiles::isImage)) {
            List<String> some = files.names().stream().limit(5).toList();
            throw new DataException("dataset \"" + folder + "\" holds neither CIFAR-10 (*.bin), nor " + part
                    + " images of MNIST (*images-idx3-ubyte), nor .png, .jpg or .jpeg files; found " + files.names().size() + " other files, such as " + some);
        }
        return new ImageFiles(folder, files, size, channels == 0 ? 3 : channels);
    }

    private static Dataset openFile(Path file, String part, int size, int channels) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new DataException("dataset \"" + file + "\" is neither a file nor a folder");
        }
        byte[] head = head(Files.newInputStream(file));
        if (startsWith(head, 'P', 'K')) {
            return new ImageFiles(file, FileTree.ofZip(file), size, channels == 0 ? 3 : channels);
        }
        boolean gzip = startsWith(head, 0x1F, 0x8B);
        if (gzip) {
            head = gunzippedHead(file);
        }
        if (startsWith(head, 0, 0, 8, 3)) {
            return Idx.open(file, size, channels == 0 ? 1 : channels);
        }
        if (gzip) {
            return Cifar.openTar(file, part, size, channels == 0 ? 3 : channels);
        }
        if (file.getFileName().toString().endsWith(".bin")) {
            return Cifar.openFiles(file, List.of(file), size, channels == 0 ? 3 : channels);
        }
        throw new DataException("dataset \"" + file + "\": neither a ZIP, nor gzip, nor IDX images (it begins with " + Arrays.toString(head)
                + "), nor *.bin; expected one of: " + KINDS);
    }

    private static byte[] gunzippedHead(Path file) {
        try {
            return head(new GZIPInputStream(Files.newInputStream(file)));
        } catch (IOException e) {
            throw new DataException("dataset \"" + file + "\" is damaged gzip: " + e.getMessage() + "; download it again", e);
        }
    }

    private static byte[] head(InputStream stream) throws IOException {
        try (stream) {
            return stream.readNBytes(4);
        }
    }

    private static boolean startsWith(byte[] head, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (i >= head.length || (head[i] & 0xFF) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
