package sirocco.tornado;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The device's two arrays as TornadoVM wants to see them: as arrays of the host, of the same size. Nobody reads or writes these, so they must not take
 * the host's memory, as TornadoVM's own would: they are pages of a file that is all hole, of which only those are ever there that have the headers.
 */
final class HostMirror implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final FloatArray memory;
    private final IntArray words;

    /**
     * @param floats elements of the one array
     * @param words of the other
     * @throws IllegalStateException if there can be no such file
     */
    HostMirror(int floats, int words) {
        try {
            memory = FloatArray.fromSegmentShallow(map(floats));
            this.words = IntArray.fromSegmentShallow(map(words));
        } catch (IOException e) {
            arena.close();
            throw new IllegalStateException("tornado: no temporary file can be made in " + System.getProperty("java.io.tmpdir") + " (" + e.getMessage()
                    + "); it takes no room, but has to be there; choose a folder with -Djava.io.tmpdir", e);
        }
    }

    private MemorySegment map(int elements) throws IOException {
        Path file = Files.createTempFile("sirocco", ".hole");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.SPARSE,
                StandardOpenOption.DELETE_ON_CLOSE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, TornadoNativeArray.ARRAY_HEADER + (long) Integer.BYTES * elements, arena);
        }
    }

    FloatArray memory() {
        return memory;
    }

    IntArray words() {
        return words;
    }

    @Override
    public void close() {
        arena.close();
    }
}
