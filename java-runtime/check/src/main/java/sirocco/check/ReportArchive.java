package sirocco.check;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import sirocco.io.AtomicFiles;

/** The work folder of gpu-check as one ZIP file: the files in it, of which long logs lose their middle, and no folders. */
final class ReportArchive {
    static final String NAME = "gpu-check.zip";
    private static final long MOST_OF_A_LOG = 2 << 20;
    /** Of all files together, when an archive is read. */
    private static final long MOST_BYTES = 256 << 20;

    private ReportArchive() { }

    /** Writes or replaces the archive in one step: a call that is cut off leaves the one before. */
    static void pack(Path folder, Path archive) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(Files::isRegularFile).filter(f -> isName(f.getFileName().toString())).sorted().toList();
        }
        AtomicFiles.write(archive, channel -> {
            ZipOutputStream zip = new ZipOutputStream(Channels.newOutputStream(channel), StandardCharsets.UTF_8);
            for (Path file : files) {
                zip.putNextEntry(new ZipEntry(file.getFileName().toString()));
                copy(file, zip);
                zip.closeEntry();
            }
            zip.finish(); // the channel is not ours to close
        });
    }

    private static void copy(Path file, OutputStream out) throws IOException {
        long size = Files.size(file);
        if (!file.toString().endsWith(".log") || size <= MOST_OF_A_LOG) {
            Files.copy(file, out);
            return;
        }
        byte[] half = new byte[(int) (MOST_OF_A_LOG / 2)];
        try (RandomAccessFile log = new RandomAccessFile(file.toFile(), "r")) {
            log.readFully(half);
            out.write(half);
            out.write(("\n… " + (size - MOST_OF_A_LOG) + " bytes …\n").getBytes(StandardCharsets.UTF_8));
            log.seek(size - half.length);
            log.readFully(half);
            out.write(half);
        }
    }

    /**
     * Writes an archive's files to a folder.
     *
     * @throws IOException if it is none of {@link #pack}'s
     */
    static void unpack(Path archive, Path folder) throws IOException {
        long left = MOST_BYTES;
        int count = 0;
        try (InputStream in = Files.newInputStream(archive); ZipInputStream zip = new ZipInputStream(in, StandardCharsets.UTF_8)) {
            for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
                if (!isName(e.getName())) {
                    throw new IOException(archive + ": not an archive of gpu-check: it has an entry " + e.getName());
                }
                byte[] bytes = zip.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, left + 1));
                left -= bytes.length;
                if (left < 0) {
                    throw new IOException(archive + ": its files are larger than " + MOST_BYTES + " bytes together");
                }
                Files.write(folder.resolve(e.getName()), bytes);
                count++;
            }
        } catch (ZipException e) {
            throw new IOException(archive + ": not a whole ZIP file: " + e.getMessage(), e);
        }
        if (count == 0) {
            throw new IOException(archive + ": not an archive of gpu-check: it has no entries");
        }
    }

    private static boolean isName(String name) {
        return name.matches("[A-Za-z0-9][A-Za-z0-9._-]*");
    }
}
