package sirocco.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A safetensors file, memory-mapped: opening it reads the header alone, and a tensor's pages are touched when it is asked for.
 *
 * <p>Arrays come back in the file's element order (the last dimension fastest), whatever their shape. The file must not be shortened
 * while it is open; replacing it by a move, as {@link SafetensorsWriter} does, is safe.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class Safetensors implements AutoCloseable {
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Some virtual machines stop a little short of the largest int. */
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private static final int NAMES_IN_MESSAGE = 8;

    private final Path file;
    private final Arena arena;
    private final MemorySegment data;
    private final SafetensorsHeader header;

    private Safetensors(Path file, Arena arena, MemorySegment data, SafetensorsHeader header) {
        this.file = file;
        this.arena = arena;
        this.data = data;
        this.header = header;
    }

    /**
     * Opens a file and checks its whole header.
     *
     * @throws MalformedFileException if it breaks the format in any way
     * @throws IOException if it cannot be read
     */
    public static Safetensors open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new MalformedFileException(file, "this is a folder, expected a safetensors file");
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            ByteBuffer start = ByteBuffer.allocate((int) Math.min(size, GitLfs.MAX_BYTES));
            while (start.hasRemaining() && channel.read(start, start.position()) > 0) { }
            GitLfs.refusePointer(file, start.array());
            if (size < Long.BYTES) {
                throw new MalformedFileException(file, "a safetensors file starts with 8 bytes of header length, this file has " + size
                        + " bytes in all");
            }
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            long length = all.get(LONG, 0);
            long room = size - Long.BYTES;
            if (length < 0 || length > room || length > SafetensorsHeader.MAX_BYTES) {
                throw new MalformedFileException(file, "the file says that its header has " + Long.toUnsignedString(length)
                        + " bytes, but " + room + " bytes follow, and the format allows " + SafetensorsHeader.MAX_BYTES
                        + "; it is truncated or not safetensors");
            }
            byte[] json = all.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
            MemorySegment data = all.asSlice(Long.BYTES + length);
            return new Safetensors(file, arena, data, SafetensorsHeader.parse(file, json, data.byteSize()));
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    public Path file() {
        return file;
    }

    /** The file's text annotations, such as {@code format → pt}; often empty. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /** All names, in the header's order. */
    public Set<String> names() {
        return Collections.unmodifiableSet(header.tensors().keySet());
    }

    public boolean has(String name) {
        return header.tensors().containsKey(name);
    }

    /** @throws NoSuchElementException if there is no such tensor; the message lists some that there are */
    public TensorInfo info(String name) {
        TensorInfo info = header.tensors().get(name);
        if (info == null) {
            throw new NoSuchElementException(file + ": no tensor \"" + name + "\" among its " + names().size() + ": "
                    + names().stream().limit(NAMES_IN_MESSAGE).collect(Collectors.joining(", "))
                    + (names().size() > NAMES_IN_MESSAGE ? ", …" : ""));
        }
        return info;
    }

    /** The tensor's shape, outermost dimension first. */
    public long[] shape(String name) {
        return info(name).shape().stream().mapToLong(Long::longValue).toArray();
    }

    /** The tensor's bytes in place, read-only, little-endian, not necessarily aligned; valid until {@link #close}. */
    public MemorySegment segment(String name) {
        TensorInfo t = info(name);
        return data.asSlice(t.begin(), t.end() - t.begin());
    }

    /** A copy of a tensor of F32, F16, BF16 or F64 (rounded to nearest). */
    public float[] floats(String name) {
        TensorInfo t = info(name);
        MemorySegment s = segment(name);
        float[] out = new float[length(t)];
        switch (t.type()) {
            case F32 -> MemorySegment.copy(s, FLOAT, 0, out, 0, out.length);
            case F64 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = (float) s.get(DOUBLE, 8L * i);
                }
            }
            case F16 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = Float.float16ToFloat(s.get(SHORT, 2L * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = Float.intBitsToFloat(s.get(SHORT, 2L * i) << 16);
                }
            }
            default -> throw wrongType(t, "F32, F16, BF16 or F64");
        }
        return out;
    }

    /** A copy of a tensor of numbers of any type; I64 beyond 2⁵³ is rounded. */
    public double[] doubles(String name) {
        TensorInfo t = info(name);
        double[] out = new double[length(t)];
        switch (t.type()) {
            case F64 -> MemorySegment.copy(segment(name), DOUBLE, 0, out, 0, out.length);
            case I64, I32, U8 -> {
                long[] longs = longs(name);
                Arrays.setAll(out, i -> longs[i]);
            }
            default -> {
                float[] floats = floats(name);
                Arrays.setAll(out, i -> floats[i]);
            }
        }
        return out;
    }

    /** A copy of a tensor of I64, I32 or U8. */
    public long[] longs(String name) {
        TensorInfo t = info(name);
        MemorySegment s = segment(name);
        long[] out = new long[length(t)];
        switch (t.type()) {
            case I64 -> MemorySegment.copy(s, LONG, 0, out, 0, out.length);
            case I32 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = s.get(INT, 4L * i);
                }
            }
            case U8 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = s.get(ValueLayout.JAVA_BYTE, i) & 0xff;
                }
            }
            default -> throw wrongType(t, "I64, I32 or U8");
        }
        return out;
    }

    /** A copy of a tensor of I64, I32 or U8. @throws ArithmeticException if a value is outside an int's range */
    public int[] ints(String name) {
        long[] wide = longs(name);
        int[] out = new int[wide.length];
        for (int i = 0; i < out.length; i++) {
            if (wide[i] != (int) wide[i]) {
                throw new ArithmeticException(file + ": tensor \"" + name + "\", element " + i + ": " + wide[i] + " does not fit an int");
            }
            out[i] = (int) wide[i];
        }
        return out;
    }

    /** A copy of a tensor of U8, I8 or BOOL. */
    public byte[] bytes(String name) {
        TensorInfo t = info(name);
        if (t.type() != TensorType.U8 && t.type() != TensorType.I8 && t.type() != TensorType.BOOL) {
            throw wrongType(t, "U8, I8 or BOOL");
        }
        byte[] out = new byte[length(t)];
        MemorySegment.copy(segment(name), ValueLayout.JAVA_BYTE, 0, out, 0, out.length);
        return out;
    }

    /** Unmaps the file; its segments are dead from then on. */
    @Override
    public void close() {
        arena.close();
    }

    private int length(TensorInfo t) {
        if (t.elements() > MAX_ARRAY) {
            throw new IllegalArgumentException(file + ": tensor \"" + t.name() + "\" has " + t.elements()
                    + " elements, an array holds at most " + MAX_ARRAY + "; read it by segment()");
        }
        return (int) t.elements();
    }

    private IllegalArgumentException wrongType(TensorInfo t, String expected) {
        return new IllegalArgumentException(file + ": tensor \"" + t.name() + "\" is " + t.type() + ", expected " + expected);
    }
}
