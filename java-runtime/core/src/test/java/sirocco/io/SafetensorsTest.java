package sirocco.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void givesBackWhatWasWritten() throws IOException {
        Random random = new Random(1);
        float[] big = new float[700_001]; // more than one chunk, and no multiple of one
        for (int i = 0; i < big.length; i++) {
            big[i] = random.nextFloat();
        }
        float[] special = {Float.NaN, -0f, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, 1.5f, 2f};
        Path file = folder.resolve("sub/a.safetensors");
        new SafetensorsWriter()
                .metadata("format", "pt").metadata("note", "\"quoted\" ü")
                .bytes("odd", new long[] {3}, () -> new byte[] {1, (byte) 200, 3})
                .floats("big", new long[] {big.length}, () -> big)
                .floats("special", new long[] {2, 1, 3}, () -> special)
                .longs("scalar", new long[0], () -> new long[] {Long.MIN_VALUE})
                .ints("ints", new long[] {2}, () -> new int[] {-1, Integer.MAX_VALUE})
                .floats("empty", new long[] {4, 0}, () -> new float[0])
                .write(file);
        try (Safetensors st = Safetensors.open(file)) {
            assertEquals(Map.of("format", "pt", "note", "\"quoted\" ü"), st.metadata());
            assertEquals(Set.of("odd", "big", "special", "scalar", "ints", "empty"), st.names());
            assertArrayEquals(big, st.floats("big"));
            assertArrayEquals(special, st.floats("special"));
            assertArrayEquals(new long[] {2, 1, 3}, st.shape("special"));
            assertArrayEquals(new long[] {Long.MIN_VALUE}, st.longs("scalar"));
            assertEquals(1, st.info("scalar").elements());
            assertArrayEquals(new long[] {-1, Integer.MAX_VALUE}, st.longs("ints"));
            assertArrayEquals(new int[] {-1, Integer.MAX_VALUE}, st.ints("ints"));
            assertArrayEquals(new long[] {1, 200, 3}, st.longs("odd"));
            assertArrayEquals(new byte[] {1, (byte) 200, 3}, st.bytes("odd"));
            assertEquals(0, st.floats("empty").length);
            assertTrue(st.has("odd") && !st.has("even"));
            assertThrows(ArithmeticException.class, () -> st.ints("scalar"));
            assertMentions(assertThrows(NoSuchElementException.class, () -> st.floats("even")), "even", "odd");
            assertMentions(assertThrows(IllegalArgumentException.class, () -> st.floats("ints")), "ints", "I32", "F32");
            assertThrows(IllegalArgumentException.class, () -> st.longs("big"));
            assertThrows(IllegalArgumentException.class, () -> st.bytes("big"));
        }
    }

    @Test
    void convertsTheOtherFloatTypes() throws IOException {
        ByteBuffer data = little(2 * 2 + 2 * 2 + 2 * 8);
        data.putShort(Float.floatToFloat16(0.5f)).putShort(Float.floatToFloat16(-65504f));
        data.putShort((short) (Float.floatToRawIntBits(-3f) >>> 16)).putShort((short) 0x7fc0);
        data.putDouble(0.1).putDouble(1e300);
        Path file = raw("{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2],"
                + "\"data_offsets\":[4,8]},\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[8,24]}}", data.array());
        try (Safetensors st = Safetensors.open(file)) {
            assertArrayEquals(new float[] {0.5f, -65504f}, st.floats("h"));
            assertArrayEquals(new float[] {-3f, Float.NaN}, st.floats("b"));
            assertArrayEquals(new float[] {0.1f, Float.POSITIVE_INFINITY}, st.floats("d"));
            assertEquals(List.of("h", "b", "d"), List.copyOf(st.names()));
        }
    }

    @Test
    void isTheSameBytesInAnyOrderAndAligned() throws IOException {
        Path one = folder.resolve("1");
        Path two = folder.resolve("2");
        var w1 = new SafetensorsWriter().bytes("a", new long[] {1}, () -> new byte[1]).floats("b", new long[] {1}, () -> new float[1]);
        var w2 = new SafetensorsWriter().floats("b", new long[] {1}, () -> new float[1]).bytes("a", new long[] {1}, () -> new byte[1]);
        w1.metadata("x", "1").metadata("y", "2").write(one);
        w2.metadata("y", "2").metadata("x", "1").write(two);
        assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
        assertEquals(0, little(Files.readAllBytes(one)).getLong(0) % 8);
        try (Safetensors st = Safetensors.open(one)) {
            assertEquals(0, st.info("b").begin());
            assertEquals(4, st.info("a").begin());
        }
    }

    @Test
    void refusesWhatCannotBeWritten() {
        SafetensorsWriter w = new SafetensorsWriter().floats("a", new long[] {1}, () -> new float[1]);
        assertThrows(IllegalArgumentException.class, () -> w.floats("a", new long[] {1}, () -> new float[1]));
        assertThrows(IllegalArgumentException.class, () -> w.floats("b", new long[] {-1}, () -> new float[1]));
        assertThrows(IllegalArgumentException.class, () -> w.floats("b", new long[] {1L << 40, 1L << 40}, () -> new float[1]));
        assertThrows(IllegalArgumentException.class, () -> w.floats("__metadata__", new long[] {1}, () -> new float[1]));
    }

    @Test
    void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = folder.resolve("model.safetensors");
        new SafetensorsWriter().floats("a", new long[] {1}, () -> new float[] {7}).write(file);
        var wrongLength = new SafetensorsWriter().floats("a", new long[] {2}, () -> new float[] {8});
        assertMentions(assertThrows(IllegalStateException.class, () -> wrongLength.write(file)), "\"a\"", "[2]", "1");
        var failing = new SafetensorsWriter().floats("a", new long[] {500_000}, () -> new float[500_000]).floats("b", new long[] {1}, () -> {
            throw new UncheckedIOException(new IOException("no such source"));
        });
        assertThrows(UncheckedIOException.class, () -> failing.write(file));
        try (Safetensors st = Safetensors.open(file); Stream<Path> left = Files.list(folder)) {
            assertEquals(7, st.floats("a")[0]);
            assertEquals(List.of(file), left.toList());
        }
    }

    @Test
    void anOpenFileSurvivesItsReplacement() throws IOException {
        Path file = folder.resolve("model.safetensors");
        new SafetensorsWriter().floats("a", new long[] {1}, () -> new float[] {7}).write(file);
        try (Safetensors st = Safetensors.open(file)) {
            new SafetensorsWriter().floats("b", new long[0], () -> new float[] {8}).write(file);
            assertEquals(7, st.floats("a")[0]);
        }
    }

    @Test
    void readsAFileWithoutTensors() throws IOException {
        try (Safetensors st = Safetensors.open(raw("{}  ", new byte[0]))) {
            assertTrue(st.names().isEmpty() && st.metadata().isEmpty());
        }
    }

    @Test
    void refusesLengthsThatLie() throws IOException {
        refused(Files.write(folder.resolve("empty"), new byte[0]), "8 bytes", "0 bytes");
        refused(Files.write(folder.resolve("short"), new byte[7]), "7 bytes");
        refused(withLength(-1, 100), "18446744073709551615", "100");
        refused(withLength(Long.MIN_VALUE, 100), "9223372036854775808");
        refused(withLength(101, 100), "101", "100");
        refused(withLength(1L << 40, 100), "1099511627776");
        refused(withLength(0, 100), "'{'");
        String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 143012345\n";
        refused(Files.writeString(folder.resolve("pointer"), pointer), "Git LFS pointer", "143012345", "git lfs pull");
        // Larger than the format allows, though the file has the bytes (as a hole that takes no room on the disk).
        Path large = withLength(100_000_001L, 8);
        try (var channel = FileChannel.open(large, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), 100_000_100L);
        }
        refused(large, "100000001", "100000000");
    }

    @Test
    void refusesHeadersThatAreNotAcceptableJson() throws IOException {
        refused(raw("PK not json", new byte[8]), "'{'");
        refused(raw("{\"a\":", new byte[8]), "JSON");
        refused(raw("{\"a\" 1}", new byte[8]), "JSON");
        refused(raw("{} {}", new byte[0]), "closing brace");
        refused(raw("{\"a\":1}", new byte[8]), "\"a\"", "START_OBJECT");
        refused(raw("{\"__metadata__\":{\"a\":1}}", new byte[0]), "__metadata__", "VALUE_STRING");
        refused(raw("{\"a\":" + "[".repeat(100_000), new byte[8]), "\"a\"");
        refused(raw("{\"a\":{\"x\":" + "[".repeat(100_000), new byte[8]), "JSON", "depth");
        refused(raw("{\"" + "n".repeat(100_000) + "\":{}}", new byte[8]), "JSON", "Name length");
        String one = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
        refused(raw("{\"a\":" + one + ",\"a\":" + one + "}", new byte[4]), "Duplicate", "a");
        refused(raw("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", new byte[4]), "Duplicate", "shape");
        byte[] utf8 = "{\"é\":1}".getBytes(StandardCharsets.ISO_8859_1);
        refused(Files.write(folder.resolve("latin"), little(8 + utf8.length).putLong(utf8.length).put(utf8).array()), "UTF-8");
        byte[] utf16 = "{\"a\":1}".getBytes(StandardCharsets.UTF_16LE);
        refused(Files.write(folder.resolve("utf16"), little(8 + utf16.length).putLong(utf16.length).put(utf16).array()), "JSON");
    }

    @Test
    void refusesTensorsThatDoNotFit() throws IOException {
        refused(tensor("F32", "[1]", "[0,8]", 8), "\"t\"", "4 bytes", "8");
        refused(tensor("F32", "[3]", "[0,8]", 8), "12 bytes");
        refused(tensor("F32", "[2]", "[0,8]", 7), "truncated", "8 bytes", "7");
        refused(tensor("F32", "[2]", "[8,0]", 8), "[8, 0]");
        refused(tensor("F32", "[2]", "[0]", 8), "[0]");
        refused(tensor("F32", "[2]", "[0,4,8]", 8), "[0, 4, 8]");
        refused(tensor("F32", "[2]", "[-8,0]", 8), "-8");
        refused(tensor("F32", "[-2]", "[0,8]", 8), "-2");
        refused(tensor("F32", "[2.0]", "[0,8]", 8), "2.0");
        refused(tensor("F32", "[\"2\"]", "[0,8]", 8), "whole numbers");
        refused(tensor("F32", "[2]", "[0,99999999999999999999]", 8), "99999999999999999999");
        refused(tensor("F32", "[" + "9".repeat(5_000) + "]", "[0,8]", 8), "JSON");
        refused(tensor("F32", "[4294967296,4294967296]", "[0,0]", 0), "impossible"); // the product is 0 modulo 2^64
        refused(tensor("F32", "[4611686018427387904,0]", "[0,0]", 0), "impossible");
        refused(tensor("F31", "[2]", "[0,8]", 8), "F31", "BF16");
        refused(tensor("f32", "[2]", "[0,8]", 8), "f32");
        refused(tensor("F32", "2", "[0,8]", 8), "shape");
        refused(raw("{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", new byte[4]), "missing shape");
        refused(raw("{\"t\":{\"shape\":[1],\"data_offsets\":[0,4]}}", new byte[4]), "missing dtype");
        refused(raw("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", new byte[4]), "missing data_offsets");
    }

    @Test
    void refusesGapsAndOverlaps() throws IOException {
        refused(two(0, 4, 5, 9, 9), "gap", "\"b\"");
        refused(two(1, 5, 5, 9, 9), "gap", "\"a\"");
        refused(two(0, 4, 3, 7, 7), "overlap");
        refused(two(0, 4, 0, 4, 4), "overlap");
        refused(two(0, 4, 4, 8, 9), "9");
        refused(raw("{}", new byte[1]), "1 bytes of data");
        try (Safetensors st = Safetensors.open(two(4, 8, 0, 4, 8))) { // any order of names is fine
            assertEquals(4, st.info("a").begin());
        }
    }

    private Path two(int a0, int a1, int b0, int b1, int bytes) throws IOException {
        String each = "\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}";
        return raw("{" + each.formatted("a", a0, a1) + "," + each.formatted("b", b0, b1) + "}", new byte[bytes]);
    }

    private Path tensor(String type, String shape, String offsets, int bytes) throws IOException {
        return raw("{\"t\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}", new byte[bytes]);
    }

    private Path raw(String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return Files.write(folder.resolve("raw"), little(8 + json.length + data.length).putLong(json.length).put(json).put(data).array());
    }

    private Path withLength(long length, int following) throws IOException {
        return Files.write(folder.resolve("lying"), little(8 + following).putLong(length).array());
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void refused(Path file, String... mentions) {
        String[] all = Stream.concat(Stream.of(file.toString()), Stream.of(mentions)).toArray(String[]::new);
        assertMentions(assertThrows(MalformedFileException.class, () -> Safetensors.open(file).close()), all);
    }

    private static void assertMentions(Throwable error, String... parts) {
        for (String part : parts) {
            assertTrue(error.getMessage().contains(part), () -> "expected \"" + part + "\" in: " + error.getMessage());
        }
    }
}
