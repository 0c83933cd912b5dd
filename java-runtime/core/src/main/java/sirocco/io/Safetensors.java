package sirocco.io;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A safetensors file. Opening it reads the header alone; a tensor is mapped into memory while it is copied, and no longer, so that of a large file no more than
 * one tensor counts as memory of this process.
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
    private final FileChannel channel;
    /** Where the tensors' bytes begin. */
    private final long data;
    private final SafetensorsHeader header;

    private Safetensors(Path file, FileChannel channel, long data, SafetensorsHeader header) {
        this.file = file;
        this.channel = channel;
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
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            long size = channel.size();
            GitLfs.refusePointer(file, read(channel, 0, (int) Math.min(size, GitLfs.MAX_BYTES)).array());
            if (size < Long.BYTES) {
                throw new MalformedFileException(file, "a safetensors file starts with 8 bytes of header length, this file has " + size
                        + " bytes in all");
            }
            long length = read(channel, 0, Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
            long room = size - Long.BYTES;
            if (length < 0 || length > room || length > SafetensorsHeader.MAX_BYTES) {
                throw new MalformedFileException(file, "the file says that its header has " + Long.toUnsignedString(length)
                        + " bytes, but " + room + " bytes follow, and the format allows " + SafetensorsHeader.MAX_BYTES
                        + "; it is truncated or not safetensors");
            }
            byte[] json = read(channel, Long.BYTES, (int) length).array();
            return new Safetensors(file, channel, Long.BYTES + length, SafetensorsHeader.parse(file, json, room - length));
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(bytes);
        while (into.hasRemaining() && channel.read(into, position + into.position()) > 0) { }
        return into;
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

    /** Copies out of a tensor's bytes, which are little-endian and not necessarily aligned. */
    private <T> T copied(TensorInfo t, Function<MemorySegment, T> copy) {
        try (Arena arena = Arena.ofConfined()) {
            return copy.apply(channel.map(FileChannel.MapMode.READ_ONLY, data + t.begin(), t.end() - t.begin(), arena));
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": tensor \"" + t.name() + "\" cannot be read", e);
        }
    }

    /** A copy of a tensor of F32, F16, BF16 or F64 (rounded to nearest). */
    public float[] floats(String name) {
        TensorInfo t = info(name);
        return copied(t, s -> floats(t, s));
    }

    private float[] floats(TensorInfo t, MemorySegment s) {
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
            case F64 -> copied(t, s -> {
                MemorySegment.copy(s, DOUBLE, 0, out, 0, out.length);
                return out;
            });
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
        return copied(t, s -> longs(t, s));
    }

    private long[] longs(TensorInfo t, MemorySegment s) {
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
        return copied(t, s -> {
            MemorySegment.copy(s, ValueLayout.JAVA_BYTE, 0, out, 0, out.length);
            return out;
        });
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be closed", e);
        }
    }

    private int length(TensorInfo t) {
        if (t.elements() > MAX_ARRAY) {
            throw new IllegalArgumentException(file + ": tensor \"" + t.name() + "\" has " + t.elements()
                    + " elements, an array holds at most " + MAX_ARRAY + ".");
        }
        return (int) t.elements();
    }

    private IllegalArgumentException wrongType(TensorInfo t, String expected) {
        return new IllegalArgumentException(file + ": tensor \"" + t.name() + "\" is " + t.type() + ", expected " + expected);
    }
}
