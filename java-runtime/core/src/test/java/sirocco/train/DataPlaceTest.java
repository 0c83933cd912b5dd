package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Plan;
import sirocco.data.Dataset;

/** The rule for where a dataset lies: what it takes against what the device has. */
class DataPlaceTest {
    private static final long IMAGES = 1000;
    private static final long BYTES = IMAGES * 2 * 2 * 3;
    private static final long STEP = 1 << 20;

    private static Device with(OptionalLong free) {
        return new Device() {
            @Override public String describe() {
                return "a device";
            }

            @Override public OptionalLong freeBytes() {
                return free;
            }

            @Override public Plan plan(Graph graph) {
                throw new UnsupportedOperationException();
            }

            @Override public Executable load(Plan plan) {
                throw new UnsupportedOperationException();
            }

            @Override public void close() { }
        };
    }

    private static Dataset of(long size) {
        return new Dataset() {
            @Override public String name() {
                return "data";
            }

            @Override public long size() {
                return size;
            }

            @Override public int height() {
                return 2;
            }

            @Override public int width() {
                return 2;
            }

            @Override public int channels() {
                return 3;
            }

            @Override public List<String> classNames() {
                return List.of();
            }

            @Override public int read(long index, byte[] into, int offset) {
                throw new UnsupportedOperationException();
            }
        };
    }

    @Test
    void whatFitsLiesOnADeviceWithMemoryOfItsOwn() {
        OptionalInt all = OptionalInt.of((int) IMAGES);
        assertEquals(all, DataPlace.AUTO.images(of(IMAGES), with(OptionalLong.of(STEP + 2 * BYTES)), STEP));
        assertEquals(OptionalInt.empty(), DataPlace.AUTO.images(of(IMAGES), with(OptionalLong.of(STEP + 2 * BYTES - 2)), STEP), "one byte short");
        assertEquals(OptionalInt.empty(), DataPlace.AUTO.images(of(IMAGES), with(OptionalLong.of(0)), STEP), "not even the step fits");
        assertEquals(OptionalInt.empty(), DataPlace.AUTO.images(of(IMAGES), with(OptionalLong.empty()), STEP), "the host's memory");
        assertEquals(OptionalInt.empty(), DataPlace.AUTO.images(of(Dataset.UNLIMITED), with(OptionalLong.of(Long.MAX_VALUE)), STEP), "no end");
        assertEquals(OptionalInt.empty(), DataPlace.HOST.images(of(IMAGES), with(OptionalLong.of(Long.MAX_VALUE)), STEP));
        assertEquals(all, DataPlace.DEVICE.images(of(IMAGES), with(OptionalLong.empty()), STEP), "asked for");
    }
}
