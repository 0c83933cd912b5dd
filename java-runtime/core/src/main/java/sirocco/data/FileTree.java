package sirocco.data;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The files below a folder or in a ZIP, by their path with forward slashes; hidden ones are left out. Reading is thread-safe. */
interface FileTree extends Closeable {
    /** Most bytes of one file that are read. */
    int MOST_BYTES = 1 << 26;

    /** In the order of their names. */
    List<String> names();

    /** The whole file. */
    byte[] read(String name) throws IOException;

    static FileTree ofFolder(Path folder) {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            files.filter(Files::isRegularFile).forEach(file -> add(names, folder.relativize(file).toString().replace('\\', '/')));
        } catch (IOException | UncheckedIOException e) {
            throw new DataException("cannot list folder \"" + folder + "\": " + e, e);
        }
        Collections.sort(names);
        return new FileTree() {
            @Override
            public List<String> names() {
                return names;
            }

            @Override
            public byte[] read(String name) throws IOException {
                Path file = folder.resolve(name);
                try (InputStream in = Files.newInputStream(file)) {
                    return readAtMost(in, Files.size(file));
                }
            }

            @Override
            public void close() {}
        };
    }

    /** A single file, by its name. */
    static FileTree ofFile(Path file) {
        String name = file.getFileName().toString();
        return new FileTree() {
            @Override
            public List<String> names() {
                return List.of(name);
            }

            @Override
            public byte[] read(String any) throws IOException {
                try (InputStream in = Files.newInputStream(file)) {
                    return readAtMost(in, Files.size(file));
                }
            }

            @Override
            public void close() {}
        };
    }

    /**
     * Reads in place; nothing is unpacked. Still a ZIP with a name that would climb out of a folder is refused as a whole: no honest
     * tool writes one.
     */
    static FileTree ofZip(Path file) {
        ZipFile zip;
        try {
            zip = new ZipFile(file.toFile());
        } catch (IOException e) {
            throw new DataException("\"" + file + "\" is not a readable ZIP: " + e.getMessage() + "; download or pack it again", e);
        }
        Map<String, ZipEntry> entries = new HashMap<>();
        List<String> names = new ArrayList<>();
        try {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                String name = entry.getName().replace('\\', '/');
                refuseClimbing(name, file);
                if (entry.isDirectory() || !add(names, name)) {
                    continue;
                }
                if (entries.put(name, entry) != null) {
                    throw new DataException("\"" + file + "\" has two entries \"" + name + "\"; pack it again");
                }
            }
        } catch (RuntimeException e) {
            try {
                zip.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
        Collections.sort(names);
        return new FileTree() {
            @Override
            public List<String> names() {
                return names;
            }

            @Override
            public byte[] read(String name) throws IOException {
                ZipEntry entry = entries.get(name);
                try (InputStream in = zip.getInputStream(entry)) {
                    return readAtMost(in, entry.getSize());
                }
            }

            @Override
            public void close() throws IOException {
                zip.close();
            }
        };
    }

    /** Adds a name unless a part of it is hidden, or is what macOS packs beside the files. */
    private static boolean add(List<String> names, String name) {
        for (String part : name.split("/")) {
            if (part.startsWith(".") || part.equals("__MACOSX")) {
                return false;
            }
        }
        return names.add(name);
    }

    private static void refuseClimbing(String name, Path zip) {
        boolean climbs = name.startsWith("/") || name.matches("[A-Za-z]:.*") || name.indexOf('\0') >= 0;
        for (String part : name.split("/")) {
            climbs |= part.equals("..");
        }
        if (climbs) {
            throw new DataException("\"" + zip + "\" has an entry \"" + name.replace('\0', '?')
                    + "\" that would lie outside of a folder it is unpacked to; it is not trusted, pack it again");
        }
    }

    /** Reads to the end, which must come after exactly the announced bytes: a file's word alone allocates nothing. */
    private static byte[] readAtMost(InputStream in, long announced) throws IOException {
        if (announced > MOST_BYTES) {
            throw new IOException("it has " + announced + " bytes, at most " + MOST_BYTES + " are read");
        }
        byte[] bytes = in.readNBytes((int) announced + 1);
        if (bytes.length != announced) {
            throw new IOException("it should have " + announced + " bytes, but has " + (bytes.length > announced ? "more" : bytes.length));
        }
        return bytes;
    }
}
