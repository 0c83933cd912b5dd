package sirocco.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * Writes a safetensors file. Tensors are announced first, by name, shape and where to get them, and fetched one at a time while
 * {@link #write} streams them out, so no more than one need be in memory.
 *
 * <p>The same tensors give the same bytes, in whatever order they were announced: wide types come first, so that each is aligned to
 * its own size, then names in {@link String} order, as the format's own library does.
 */
public final class SafetensorsWriter {
    private static final int CHUNK = 1 << 20;

    /** A tensor to come; the supplier gives a primitive array that {@code layout} stores. */
    private record Entry(String name, TensorType type, List<Long> shape, long bytes, ValueLayout layout, Supplier<?> array) {}

    private final Map<String, Entry> entries = new TreeMap<>();
    private final Map<String, String> metadata = new TreeMap<>();

    /** Adds a text annotation. diffusers and transformers expect {@code format → pt} in model files. */
    public SafetensorsWriter metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /** @param shape outermost dimension first, empty for a scalar; its product is the array's length */
    public SafetensorsWriter floats(String name, long[] shape, Supplier<float[]> array) {
        return add(name, TensorType.F32, shape, Safetensors.FLOAT, array);
    }

    public SafetensorsWriter longs(String name, long[] shape, Supplier<long[]> array) {
        return add(name, TensorType.I64, shape, Safetensors.LONG, array);
    }

    public SafetensorsWriter ints(String name, long[] shape, Supplier<int[]> array) {
        return add(name, TensorType.I32, shape, Safetensors.INT, array);
    }

    /** Bytes 0 to 255, as U8. */
    public SafetensorsWriter bytes(String name, long[] shape, Supplier<byte[]> array) {
        return add(name, TensorType.U8, shape, ValueLayout.JAVA_BYTE, array);
    }

    private SafetensorsWriter add(String name, TensorType type, long[] shape, ValueLayout layout, Supplier<?> array) {
        List<Long> dims = LongStream.of(shape).boxed().toList();
        long bytes = TensorInfo.byteSize(type, dims);
        if (bytes < 0) {
            throw new IllegalArgumentException("tensor \"" + name + "\": impossible shape " + dims);
        }
        if (name.equals(SafetensorsHeader.METADATA)) {
            throw new IllegalArgumentException("no tensor may be named \"" + name + "\": the format keeps that name for annotations");
        }
        if (entries.putIfAbsent(name, new Entry(name, type, dims, bytes, layout, array)) != null) {
            throw new IllegalArgumentException("tensor \"" + name + "\" is there already");
        }
        return this;
    }

    /**
     * Writes the file under another name in the same folder, forces it to the disk, and moves it into place in one step.
     *
     * @throws IOException if that fails, as on a full disk; whatever was at {@code file} before is untouched and nothing is left behind
     * @throws IllegalStateException if a supplier gave an array of another length than announced; the same holds
     */
    public void write(Path file) throws IOException {
        List<Entry> ordered = new ArrayList<>(entries.values());
        ordered.sort(Comparator.comparingInt((Entry e) -> -e.type.bytes()).thenComparing(Entry::name));
        byte[] header = header(ordered);
        AtomicFiles.write(file, channel -> {
            writeFully(channel, ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length));
            writeFully(channel, ByteBuffer.wrap(header));
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment chunk = arena.allocate(CHUNK);
                for (Entry e : ordered) {
                    writeTensor(channel, e, chunk);
                }
            }
        });
    }

    private byte[] header(List<Entry> ordered) throws IOException {
        var out = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(SafetensorsHeader.METADATA);
                for (var m : metadata.entrySet()) {
                    json.writeStringField(m.getKey(), m.getValue());
                }
                json.writeEndObject();
            }
            long at = 0;
            for (Entry e : ordered) {
                json.writeObjectFieldStart(e.name);
                json.writeStringField("dtype", e.type.name());
                json.writeFieldName("shape");
                json.writeArray(e.shape.stream().mapToLong(Long::longValue).toArray(), 0, e.shape.size());
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {at, at = Math.addExact(at, e.bytes)}, 0, 2);
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        // Spaces up to a multiple of 8 align the data, since 8 bytes of length precede the header.
        byte[] header = out.toByteArray();
        byte[] padded = Arrays.copyOf(header, Math.ceilDiv(header.length, Long.BYTES) * Long.BYTES);
        Arrays.fill(padded, header.length, padded.length, (byte) ' ');
        if (padded.length > SafetensorsHeader.MAX_BYTES) {
            throw new IOException("the header of " + ordered.size() + " tensors takes " + padded.length
                    + " bytes, the format allows " + SafetensorsHeader.MAX_BYTES);
        }
        return padded;
    }

    private static void writeTensor(WritableByteChannel channel, Entry e, MemorySegment chunk) throws IOException {
        Object array = e.array.get();
        long elements = e.bytes / e.type.bytes();
        if (Array.getLength(array) != elements) {
            throw new IllegalStateException("tensor \"" + e.name + "\": shape " + e.shape + " has " + elements
                    + " elements, the array given for it has " + Array.getLength(array));
        }
        int perChunk = CHUNK / e.type.bytes();
        ByteBuffer bytes = chunk.asByteBuffer();
        for (long i = 0; i < elements; i += perChunk) {
            int n = (int) Math.min(perChunk, elements - i);
            MemorySegment.copy(array, (int) i, chunk, e.layout, 0, n);
            writeFully(channel, bytes.clear().limit(n * e.type.bytes()));
        }
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
