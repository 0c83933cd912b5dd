package sirocco.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * PNG and JPEG files in a folder or a ZIP. Where they lie in sub-folders, the first one (after any that all have in common) is the
 * class, in the order of the names; where they do not, there are no classes. Other files are ignored and counted.
 *
 * <p>An image that cannot be read is an error that names it when it is read, not silently left out. Decoded images are kept in memory
 * if all of them fit the budget.
 */
final class ImageFiles implements Dataset {
    /** Most memory for decoded images: 2 GiB, but no more than a quarter of the heap. */
    private static final long USUAL_BUDGET = Math.min(1L << 31, Runtime.getRuntime().maxMemory() / 4);

    private final String path;
    private final FileTree tree;
    private final List<String> files = new ArrayList<>();
    private final int[] labels;
    private final List<String> classNames;
    private final int ignored;
    private final int side;
    private final int channels;
    private final boolean exact;
    /** null where they do not fit; filled as images are first read. */
    private final AtomicReferenceArray<byte[]> cache;

    /**
     * @param tree closed with this dataset, or by this constructor where it fails
     * @param side 0 for the shorter side of the first image
     */
    ImageFiles(Path path, FileTree tree, int side, int channels) {
        this(path, tree, side, channels, USUAL_BUDGET);
    }

    ImageFiles(Path path, FileTree tree, int side, int channels, long budget) {
        this(path, tree, side, channels, budget, false);
    }

    /** Images that have this size and these channels; one that has not is an error when it is read. */
    static ImageFiles exact(Path path, FileTree tree, int side, int channels) {
        return new ImageFiles(path, tree, side, channels, USUAL_BUDGET, true);
    }

    /** The same files as {@link #exact(Path, FileTree, int, int)}. Close one of the two. */
    ImageFiles exact(int side, int channels) {
        return exact(Path.of(path), tree, side, channels);
    }

    private ImageFiles(Path path, FileTree tree, int side, int channels, long budget, boolean exact) {
        this.path = path.toString();
        this.tree = tree;
        this.exact = exact;
        Map<String, Integer> others = new TreeMap<>();
        for (String name : tree.names()) {
            if (isImage(name)) {
                files.add(name);
            } else {
                String lower = name.toLowerCase(Locale.ROOT);
                String file = lower.substring(lower.lastIndexOf('/') + 1);
                others.merge(file.contains(".") ? "*" + file.substring(file.lastIndexOf('.')) : file, 1, Integer::sum);
            }
        }
        ignored = others.values().stream().mapToInt(Integer::intValue).sum();
        try {
            if (files.isEmpty()) {
                throw new DataException("\"" + path + "\" holds no .png, .jpg or .jpeg files; " + (others.isEmpty() ? "it is empty"
                        : "found only " + others));
            }
            labels = new int[files.size()];
            classNames = label();
            this.side = side > 0 ? side : firstSide();
            this.channels = channels;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        cache = (long) files.size() * imageBytes() <= budget ? new AtomicReferenceArray<>(files.size()) : null;
    }

    /** By its name. A grid.png at the top is the contact sheet that {@code sample} leaves beside its images, and none itself. */
    static boolean isImage(String name) {
        return !name.toLowerCase(Locale.ROOT).equals("grid.png") && hasImageEnding(name);
    }

    static boolean hasImageEnding(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".png") || lower.endsWith(".jpg") || lower.endsWith(".jpeg");
    }

    /** Fills {@link #labels} and returns the classes. */
    private List<String> label() {
        int common = commonFolders();
        TreeSet<String> classes = new TreeSet<>();
        String outside = null;
        for (String file : files) {
            String[] parts = file.split("/");
            if (parts.length == common + 1) {
                outside = outside == null ? file : outside;
            } else {
                classes.add(parts[common]);
            }
        }
        if (outside != null && !classes.isEmpty()) {
            throw new DataException("\"" + path + "\" has images in sub-folders (" + classes.first() + ", …) and beside them (" + outside
                    + "): its classes are unclear; move all into sub-folders, one for each class, or none");
        }
        List<String> names = List.copyOf(classes);
        for (int i = 0; i < labels.length && outside == null; i++) {
            labels[i] = Collections.binarySearch(names, files.get(i).split("/")[common]);
        }
        return names;
    }

    /** How many leading folders all images share. */
    private int commonFolders() {
        String[] first = files.getFirst().split("/");
        int common = first.length - 1;
        for (String file : files) {
            String[] parts = file.split("/");
            int same = 0;
            while (same < common && same < parts.length - 1 && parts[same].equals(first[same])) {
                same++;
            }
            common = same;
        }
        return common;
    }

    private int firstSide() {
        ImageHeader header = ImageHeader.of(load(0), where(0));
        return Math.min(header.width(), header.height());
    }

    @Override
    public int ignored() {
        return ignored;
    }

    @Override
    public String name() {
        return path;
    }

    @Override
    public long size() {
        return files.size();
    }

    @Override
    public int height() {
        return side;
    }

    @Override
    public int width() {
        return side;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int read(long index, byte[] into, int offset) {
        int i = Math.toIntExact(index);
        int bytes = imageBytes();
        byte[] kept = cache == null ? null : cache.get(i);
        if (kept != null) {
            System.arraycopy(kept, 0, into, offset, bytes);
            return labels[i];
        }
        if (exact) {
            ImageDecoder.decodeExact(load(i), where(i), side, channels, into, offset);
        } else {
            ImageDecoder.decode(load(i), where(i), side, channels, into, offset);
        }
        if (cache != null) {
            byte[] copy = new byte[bytes];
            System.arraycopy(into, offset, copy, 0, bytes);
            cache.set(i, copy);
        }
        return labels[i];
    }

    private byte[] load(int i) {
        try {
            return tree.read(files.get(i));
        } catch (IOException | RuntimeException e) {
            throw new DataException(where(i) + " cannot be read: " + e.getMessage() + "; replace or remove it", e);
        }
    }

    private String where(int i) {
        return "image \"" + files.get(i) + "\" of \"" + path + "\"";
    }

    @Override
    public void close() {
        try {
            tree.close();
        } catch (IOException e) {
            throw new DataException("cannot close \"" + path + "\": " + e.getMessage(), e);
        }
    }
}
