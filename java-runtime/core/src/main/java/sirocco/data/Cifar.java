package sirocco.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Reads CIFAR-10's binary version: records of one label byte and 32 × 32 red, then green, then blue bytes. From a folder of *.bin, the
 * tar.gz as it is distributed, or one file.
 */
final class Cifar {
    private static final int SIDE = 32;
    private static final int PLANE = SIDE * SIDE;
    private static final int RECORD = 1 + 3 * PLANE;
    /** Most bytes of one file: thirty times CIFAR-10's. */
    private static final long MOST_BYTES = 1L << 30;
    private static final List<String> CLASSES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private final String name;
    private final int side;
    private final int channels;
    private final List<byte[]> images = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();

    private Cifar(Path path, int size, int channels) {
        this.name = path.toString();
        this.side = size > 0 ? size : SIDE;
        this.channels = channels;
    }

    /** The *.bin files of a folder. */
    static List<Path> files(Path folder) {
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(file -> file.getFileName().toString().endsWith(".bin")).sorted().toList();
        } catch (IOException e) {
            throw new DataException("cannot list folder \"" + folder + "\": " + e, e);
        }
    }

    /** The batches of {@code part} among the *.bin files of a folder; all of them where none has a name of CIFAR-10's. */
    static Dataset openFolder(Path folder, List<Path> files, String part, int size, int channels) {
        List<Path> chosen = files.stream().filter(file -> isPart(file.getFileName().toString(), part)).toList();
        String other = part.equals("test") ? "train" : "test";
        if (chosen.isEmpty() && files.stream().anyMatch(file -> isPart(file.getFileName().toString(), other))) {
            throw new DataException("\"" + folder + "\" has no " + part + " batches of CIFAR-10; found "
                    + files.stream().map(Path::getFileName).toList());
        }
        return openFiles(folder, chosen.isEmpty() ? files : chosen, size, channels);
    }

    /** All of the given files, under the name of {@code path}. */
    static Dataset openFiles(Path path, List<Path> files, int size, int channels) {
        Cifar cifar = new Cifar(path, size, channels);
        for (Path file : files) {
            try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
                cifar.read(in, Files.size(file), "\"" + file + "\"");
            } catch (IOException e) {
                throw new DataException("\"" + file + "\" cannot be read: " + e.getMessage(), e);
            }
        }
        return cifar.dataset();
    }

    static Dataset openTar(Path archive, String part, int size, int channels) {
        Cifar cifar = new Cifar(archive, size, channels);
        TreeSet<String> seen = new TreeSet<>();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(
                new GZIPInputStream(new BufferedInputStream(Files.newInputStream(archive), 1 << 16), 1 << 16))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String path = entry.getName().replace('\\', '/');
                if (path.startsWith("/") || List.of(path.split("/")).contains("..")) {
                    throw new DataException("\"" + archive + "\" has an entry \"" + path
                            + "\" that would lie outside of a folder it is unpacked to; it is not trusted, download it again");
                }
                if (entry.getSize() > MOST_BYTES) {
                    throw new DataException("\"" + archive + "\": entry \"" + path + "\" says that it has " + entry.getSize()
                            + " bytes, at most " + MOST_BYTES + " are read");
                }
                String file = path.substring(path.lastIndexOf('/') + 1);
                if (!entry.isDirectory() && seen.size() < 20) {
                    seen.add(file);
                }
                if (entry.isFile() && isPart(file, part)) {
                    cifar.read(tar, entry.getSize(), "\"" + file + "\" in \"" + archive + "\"");
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new DataException("\"" + archive + "\" is not a whole tar.gz: " + e.getMessage() + "; download it again", e);
        }
        if (cifar.images.isEmpty()) {
            throw new DataException("\"" + archive + "\" holds no " + part + " batches of CIFAR-10's binary version ("
                    + (part.equals("test") ? "test_batch.bin" : "data_batch_1.bin, …") + "); found " + seen
                    + (seen.contains("data_batch_1") ? "; this is the version for Python, take cifar-10-binary.tar.gz" : ""));
        }
        return cifar.dataset();
    }

    private static boolean isPart(String file, String part) {
        return file.matches(part.equals("test") ? "test_batch\\.bin" : "data_batch_\\d+\\.bin");
    }

    private void read(InputStream in, long bytes, String where) throws IOException {
        if (bytes == 0 || bytes % RECORD != 0 || bytes > MOST_BYTES) {
            throw new DataException(where + " has " + bytes + " bytes, expected a multiple of " + RECORD
                    + " (CIFAR-10, binary version: one label and 3072 pixel bytes an image); it is truncated or another format");
        }
        long count = bytes / RECORD;
        StoredImages.requireRoom(where, (images.size() + count) * side * side * channels);
        byte[] record = new byte[RECORD];
        for (long i = 0; i < count; i++) {
            int got = in.readNBytes(record, 0, RECORD);
            if (got < RECORD) {
                throw new DataException(where + " is truncated: it ends in image " + i + " of " + count + "; download it again");
            }
            int label = record[0] & 0xFF;
            if (label >= CLASSES.size()) {
                throw new DataException(where + ": image " + i + " has label " + label + ", expected 0 to " + (CLASSES.size() - 1)
                        + "; this is not CIFAR-10's binary version");
            }
            labels.add(label);
            images.add(convert(record));
        }
    }

    private byte[] convert(byte[] record) {
        byte[] image = new byte[side * side * channels];
        Resampler.resize((y, left, count, into) -> {
            for (int x = 0; x < count; x++) {
                int at = 1 + y * SIDE + left + x;
                int red = record[at] & 0xFF;
                int green = record[at + PLANE] & 0xFF;
                int blue = record[at + 2 * PLANE] & 0xFF;
                if (channels == 1) {
                    into[x] = (float) Luma.of(red, green, blue);
                } else {
                    into[3 * x] = red;
                    into[3 * x + 1] = green;
                    into[3 * x + 2] = blue;
                }
            }
        }, SIDE, SIDE, channels, side, image, 0);
        return image;
    }

    private Dataset dataset() {
        int[] all = labels.stream().mapToInt(Integer::intValue).toArray();
        return new StoredImages(name, side, channels, images, all, CLASSES);
    }
}
