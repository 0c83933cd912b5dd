package sirocco.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.testkit.GoldenTests;

/** Every safetensors file of the golden data, which Python wrote, is read, whatever its tensors are for. */
class GoldenFilesTest {
    @TestFactory
    Stream<DynamicTest> everyFileIsRead() throws IOException {
        Path root = GoldenTests.root();
        List<Path> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.filter(p -> p.toString().endsWith(".safetensors") && Files.isRegularFile(p)).sorted().toList();
        }
        assertFalse(files.isEmpty(), () -> "no safetensors file in " + root);
        return files.stream().map(file -> DynamicTest.dynamicTest(root.relativize(file).toString(), () -> read(file)));
    }

    private static void read(Path file) throws IOException {
        try (Safetensors st = Safetensors.open(file)) {
            for (String name : st.names()) {
                long elements = LongStream.of(st.shape(name)).reduce(1, (a, b) -> a * b);
                if (st.info(name).type() == TensorType.F32) {
                    assertEquals(elements, st.floats(name).length, name);
                } else {
                    assertEquals(elements, (st.info(name).end() - st.info(name).begin()) / st.info(name).type().bytes(), name);
                }
            }
        }
    }
}
